"""The architecture: import directions and lengths of files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def test_files_are_short_and_finished():
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in SOURCES}
    assert [name for name, text in texts.items() if text.count("\n") > 320] == [], "split them"
    assert [name for name, text in texts.items() if "TO" + "DO" in text] == []
