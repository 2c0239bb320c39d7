"""Runs a benchmark on a new test database of DATABASE_URL, which is dropped afterwards."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.test.utils import get_runner


def run(main: Callable[[], None]) -> None:
    """Call `main` with Django's default connection on that database."""
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        main()
    finally:
        runner.teardown_databases(databases)
