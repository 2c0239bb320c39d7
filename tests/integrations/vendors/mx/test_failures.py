"""MX's refusals are told apart by operation; every operation that is named has to exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from integrations.vendors.mx import atrium_api, failures

PACKAGE = Path(failures.__file__).parent
OPERATION = re.compile(r"(create|delete|list|read|start)_[a-z_]+")


def test_jobs_are_operations() -> None:
    assert atrium_api.PATHS.keys() >= failures.JOBS
    assert {name for name in atrium_api.PATHS if name.startswith("start_")} == failures.JOBS


def test_every_operation_that_is_named_exists_and_is_used() -> None:
    named = {
        node.value
        for path in PACKAGE.rglob("*.py")
        if path.name != "atrium_api.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and OPERATION.fullmatch(node.value)
    }
    assert named == atrium_api.PATHS.keys()
