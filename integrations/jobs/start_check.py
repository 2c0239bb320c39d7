"""The check of settings with which workers and the relay start."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string


def run() -> None:
    """Call settings.START_CHECK, a dotted path; it ends the process if the settings are unsafe."""
    if settings.START_CHECK:
        import_string(settings.START_CHECK)()
