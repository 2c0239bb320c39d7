"""Who may call the gateway."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "gateway.access"
    label = "access"
    verbose_name = "API access"
