"""App configurations of the gateway and its admin."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps

from gateway import log_formatters


class GatewayConfig(AppConfig):
    name = "gateway"

    def ready(self) -> None:
        from gateway.boot import checks  # noqa: F401, PLC0415 - registers them

        log_formatters.install()


class StaffAdminConfig(admin_apps.AdminConfig):
    """Django's admin with the site of gateway.admin_site."""

    default = False
    default_site = "gateway.admin_site.StaffSite"
