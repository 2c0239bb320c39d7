"""The app of applications, tokens and limits."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from gateway.access import log_filter


class AccessConfig(AppConfig):
    name = "gateway.access"
    label = "access"
    verbose_name = "API access"

    def ready(self) -> None:
        from gateway.access import staff_roles  # noqa: PLC0415 - needs the models

        log_filter.install()
        # Behind the apps whose permissions the roles have, which are before this one in settings.
        post_migrate.connect(staff_roles.bring_up_to_date, sender=self)
