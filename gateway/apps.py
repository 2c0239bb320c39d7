"""App configurations of the gateway and its admin."""

from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin_apps
from django.db.backends.signals import connection_created

from gateway import log_formatters
from gateway.boot import database


class GatewayConfig(AppConfig):
    name = "gateway"

    def ready(self) -> None:
        from gateway.boot import checks  # noqa: F401, PLC0415 - registers them

        connection_created.connect(database.switch_off_jit)
        log_formatters.install()
        # Not by an AppConfig of its own, which mypy's plugin takes for another user model.
        apps.get_app_config("auth").verbose_name = "Staff"


class StaffAdminConfig(admin_apps.AdminConfig):
    """Django's admin with the site of gateway.admin_site."""

    default = False
    default_site = "gateway.admin_site.StaffSite"
