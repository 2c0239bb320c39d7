"""Which tests are fast, and which need not run on every database; found by what they use."""

from __future__ import annotations

import inspect
import re
import subprocess
from functools import cache
from types import ModuleType

import pytest

# A test with one of these may store something, and so may one whose module has one of the words.
STORING_FIXTURES = {
    "db", "django_db_setup", "live_server", "person", "stack", "staff", "transactional_db",
}  # fmt: skip
SLOW_FIXTURES = {
    "live_server", "own_sandbox", "person", "sandbox_server", "stack", "staff",
    "transactional_db",
}  # fmt: skip
STORING_WORDS = re.compile(
    r"broker|\bcaches?\b|celery|django\.db|os\.environ|setenv|getfixturevalue|postgres|psycopg"
    r"|rabbit|redis|sqlite|templates|(?:DATABASE|REDIS|BROKER)_URL",
    re.IGNORECASE,
)


def mark_by_use(items: list[pytest.Item]) -> None:
    """Mark tests as `fast` and as `storeless`.

    Fast ones use no sandbox, server, browser or process, nor the admin's many pages; storeless ones
    neither a database nor another service, so that they are the same on PostgreSQL.

    A module counts as one that starts processes if it, or a function it imports, uses subprocess.
    """
    for item in items:
        if not isinstance(item, pytest.Function) or _starts_processes(item.module):
            continue
        fixtures = set(item.fixturenames)
        if not SLOW_FIXTURES & fixtures:
            item.add_marker(pytest.mark.fast)
        stores = STORING_FIXTURES & fixtures or item.get_closest_marker("django_db")
        if not stores and not _has_storing_words(item.module):
            item.add_marker(pytest.mark.storeless)


@cache
def _starts_processes(module: ModuleType) -> bool:
    for value in vars(module).values():
        names = vars(value) if isinstance(value, ModuleType) else getattr(value, "__globals__", {})
        if value is subprocess or names.get("subprocess") is subprocess:
            return True
    return False


@cache
def _has_storing_words(module: ModuleType) -> bool:
    return STORING_WORDS.search(inspect.getsource(module)) is not None
