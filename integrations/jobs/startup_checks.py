"""The checks of settings that workers and the relay run before they start."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string


def run_startup_checks() -> None:
    """Call settings.STARTUP_CHECKS, a dotted path, if it is set.

    Raises:
        SystemExit: the settings are unsafe or cannot work; the errors are on stderr.
    """
    if settings.STARTUP_CHECKS:
        import_string(settings.STARTUP_CHECKS)()
