"""`python -m sandbox.advance` moves the clock of this checkout's sandbox and of no other."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sandbox import advance
from tests.sandbox_process import Sandbox

STACK = {"sandbox": "http://127.0.0.1:24011"}


def test_the_stack_of_make_run_while_it_holds_its_lock(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text(json.dumps(STACK))
    with (tmp_path / "stack.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert advance.running(tmp_path) == STACK["sandbox"]
    assert advance.running(tmp_path) is None  # it was killed and left its file


def test_a_sandbox_that_runs_alone(tmp_path: Path) -> None:
    assert advance.running(tmp_path) is None
    file = tmp_path / "sandbox.json"
    file.write_text(json.dumps({"url": "http://127.0.0.1:24021", "pid": os.getpid()}))
    assert advance.running(tmp_path) == "http://127.0.0.1:24021"
    file.write_text(
        json.dumps({"url": "http://127.0.0.1:24021", "pid": 2**22 + 1})
    )  # more than Linux gives
    assert advance.running(tmp_path) is None
    file.write_text("nonsense")
    assert advance.running(tmp_path) is None


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> str:
    monkeypatch.setattr(sys, "argv", ["advance", *arguments])
    advance.main()
    return capsys.readouterr().out


def test_it_says_which_one_it_has_moved(
    own_sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.delenv("SANDBOX_PORT", raising=False)
    monkeypatch.setattr(advance, "VAR", tmp_path)
    url = own_sandbox.base_url
    (tmp_path / "sandbox.json").write_text(json.dumps({"url": url, "pid": os.getpid()}))
    assert f"at {url}." in run(monkeypatch, capsys, "1m")
    (tmp_path / "sandbox.json").unlink()
    assert f"at {url}." in run(monkeypatch, capsys, "1m", "--url", url)
    with pytest.raises(SystemExit, match="No sandbox of this checkout is running"):
        run(monkeypatch, capsys, "1m")
    monkeypatch.setenv("SANDBOX_PORT", str(urlsplit(url).port))
    assert f"at {url}." in run(monkeypatch, capsys, "1m")
    with pytest.raises(SystemExit, match=r"refused: A span is"):
        run(monkeypatch, capsys, "banana")
    monkeypatch.setenv("SANDBOX_PORT", "1")
    with pytest.raises(SystemExit, match="No sandbox answers at"):
        run(monkeypatch, capsys, "1m")
