"""Refuse unsafe settings before a process serves or works."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection

from django.conf import settings

from gateway.boot import checks

logger = logging.getLogger(__name__)
# With this exit code of a worker, gunicorn's master ends; with others it starts workers forever.
EXIT_CODE = 3


def run_startup_checks() -> None:
    """Check the settings, and log a warning in development mode.

    Raises:
        SystemExit: the settings are refused; the errors are on stderr.
    """
    refuse_unsafe_settings()
    warn_of_development_mode()


def warn_of_development_mode() -> None:
    """Log one line per process in development mode."""
    if settings.DEVELOPMENT:
        logger.warning(checks.DEVELOPMENT_MODE)


def refuse_unsafe_settings(*, accepted: Collection[str] = ()) -> None:
    """End the process with a list of all errors and hints, if there are errors.

    Args:
        accepted: ids of errors that the caller handles itself.

    Raises:
        SystemExit: there are errors.
    """
    errors = [error for error in checks.settings_errors() if error.id not in accepted]
    if not errors:
        return
    lines = [f"{error.id}: {error.msg} {error.hint or ''}".rstrip() for error in errors]
    sys.stderr.write("The gateway does not start with these settings:\n")
    sys.stderr.write("".join(f"  {line}\n" for line in lines))
    sys.stderr.flush()
    raise SystemExit(EXIT_CODE)
