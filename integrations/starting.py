"""The look at the settings with which workers begin; the gateway says what it is."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string


def check_settings() -> None:
    """Run settings.START_CHECK, which ends the process if it must not start."""
    if settings.START_CHECK:
        import_string(settings.START_CHECK)()
