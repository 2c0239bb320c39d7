"""Which tests are fast: those of `make test-fast`, found by what they use."""

from __future__ import annotations

import subprocess
from types import ModuleType

import pytest

SLOW_FIXTURES = {
    "live_server", "own_sandbox", "person", "sandbox_server", "stack", "staff",
    "transactional_db",
}  # fmt: skip


def mark_fast(items: list[pytest.Item]) -> None:
    """Mark the tests that use no sandbox, server, browser or process, nor the admin's many pages.

    A module counts as one that starts processes if it, or a function it imports, uses subprocess.
    """
    for item in items:
        if not isinstance(item, pytest.Function) or SLOW_FIXTURES & set(item.fixturenames):
            continue
        if not _starts_processes(item.module):
            item.add_marker(pytest.mark.fast)


def _starts_processes(module: ModuleType) -> bool:
    for value in vars(module).values():
        names = vars(value) if isinstance(value, ModuleType) else getattr(value, "__globals__", {})
        if value is subprocess or names.get("subprocess") is subprocess:
            return True
    return False
