"""The first thing that a process does which serves or works: look at its settings."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection

from django.conf import settings

from gateway.boot import checks

logger = logging.getLogger(__name__)
# Gunicorn ends its master for this exit code of a worker; for others it starts new workers forever.
EXIT_CODE = 3


def begin() -> None:
    """End the process if its settings are unsafe or impossible; warn of development mode."""
    refuse_unsafe_settings()
    warn_of_development_mode()


def warn_of_development_mode() -> None:
    """One line in the log of each process."""
    if settings.DEVELOPMENT:
        logger.warning(checks.DEVELOPMENT_MODE)


def refuse_unsafe_settings(*, accepted: Collection[str] = ()) -> None:
    """Print every problem with its fix and end the process, or return.

    Args:
        accepted: ids of errors that the caller has judged itself.

    Raises:
        SystemExit: there are problems.
    """
    problems = [one for one in checks.settings_errors() if one.id not in accepted]
    if not problems:
        return
    lines = [f"{one.id}: {one.msg} {one.hint or ''}".rstrip() for one in problems]
    sys.stderr.write("The gateway does not start with these settings:\n")
    sys.stderr.write("".join(f"  {line}\n" for line in lines))
    sys.stderr.flush()
    raise SystemExit(EXIT_CODE)
