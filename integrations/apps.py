"""Vendors and everything kept about them."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        post_save.connect(_credential_saved, sender="integrations.VendorCredential")


def _credential_saved(*, instance: Any, **_: Any) -> None:
    # Django imports this module before any model may be imported.
    from integrations.flows import credentials  # noqa: PLC0415

    credentials.credential_changed(credential=instance)
