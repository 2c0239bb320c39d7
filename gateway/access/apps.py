"""The app of applications, tokens and limits."""

from django.apps import AppConfig

from gateway.access import log_filter


class AccessConfig(AppConfig):
    name = "gateway.access"
    label = "access"
    verbose_name = "API access"

    def ready(self) -> None:
        log_filter.install()
