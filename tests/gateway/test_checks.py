"""Production does not start with unsafe settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAFE = {
    "READ_DOT_ENV": "false",
    "SECRET_KEY": "s" * 60,
    "FIELD_ENCRYPTION_KEYS": "Zm9yLXRlc3RzLW9ubHktZm9yLXRlc3RzLW9ubHktMTI=",
    "ALLOWED_HOSTS": "gateway.bank.example",
    "PUBLIC_URL": "https://gateway.bank.example",
    "DJANGO_SETTINGS_MODULE": "gateway.settings",
}


def check(**changes: str) -> tuple[int, str]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    result = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        cwd=ROOT,
        env=keep | SAFE | changes,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


def test_safe_settings_pass():
    status, text = check()
    assert status == 0, text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"FIELD_ENCRYPTION_KEYS": ""}, "FIELD_ENCRYPTION_KEYS is not set"),
        ({"SECRET_KEY": "short"}, "gateway.E001"),
        ({"ALLOWED_HOSTS": "*"}, "gateway.E002"),
        ({"ALLOWED_HOSTS": ""}, "gateway.E002"),
        ({"VENDOR_ALLOWED_HOSTS": "127.0.0.1"}, "gateway.E003"),
        ({"PUBLIC_URL": "http://gateway.bank.example"}, "gateway.E004"),
    ],
)
def test_unsafe_settings_do_not(changes: dict[str, str], words: str):
    status, text = check(**changes)
    assert status != 0
    assert words in text
