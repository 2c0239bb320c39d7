"""The `.env` that `make run` writes."""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography.fernet import Fernet

from devtools import dev_env


def read(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_writes_usable_secrets_that_only_the_owner_reads(tmp_path: Path) -> None:
    assert dev_env.write(tmp_path / ".env")
    values = read(tmp_path / ".env")
    assert values["DEBUG"] == "true"
    assert len(values["SECRET_KEY"]) >= 50
    Fernet(values["FIELD_ENCRYPTION_KEYS"])
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_never_touches_an_existing_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET_KEY=mine\n")
    assert not dev_env.write(tmp_path / ".env")
    assert (tmp_path / ".env").read_text() == "SECRET_KEY=mine\n"


def test_two_machines_get_different_secrets(tmp_path: Path) -> None:
    dev_env.write(tmp_path / "a")
    dev_env.write(tmp_path / "b")
    assert read(tmp_path / "a")["SECRET_KEY"] != read(tmp_path / "b")["SECRET_KEY"]
