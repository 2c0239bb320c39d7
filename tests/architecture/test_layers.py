"""The architecture: import directions and lengths of files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "devtools", "gateway", "integrations", "nucleus", "celery_app", "sandbox", "demo", "tests"
)  # fmt: skip
SOURCES = [
    path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]


def test_imports_go_one_way():
    program = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_short_and_finished(path: Path):
    text = path.read_text()
    assert text.count("\n") <= 320, "split it"
    assert "TO" + "DO" not in text
