"""Vendors and everything kept about them."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save, pre_delete


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        post_save.connect(_credential_saved, sender="integrations.VendorCredential")
        pre_delete.connect(_account_link_deleted, sender="integrations.AccountLink")


def _credential_saved(*, instance: Any, **_: Any) -> None:
    # Django imports this module before any model may be imported.
    from integrations.flows import credentials  # noqa: PLC0415

    credentials.credential_changed(credential=instance)


def _account_link_deleted(*, instance: Any, origin: Any, **_: Any) -> None:
    from integrations.flows import account_links  # noqa: PLC0415

    account_links.link_deleted(link=instance, origin=origin)
