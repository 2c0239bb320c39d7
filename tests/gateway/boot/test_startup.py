"""Whatever serves or works refuses unsafe settings, and names development mode in its log."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.gateway.boot.test_checks import ROOT, SAFE

pytestmark = pytest.mark.embedded  # settings are the same for every database
GUNICORN = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--workers", "2"]
CONFIG = ["--config", "python:gateway.gunicorn_conf"]
MANAGE = [sys.executable, "manage.py"]
OTHER_SERVER = "import wsgiref.simple_server, gateway.wsgi; print('serving')"
ENTRY_POINTS = {
    "gunicorn": [*GUNICORN, *CONFIG, "gateway.wsgi"],
    "gunicorn, preloaded": [*GUNICORN, *CONFIG, "--preload", "gateway.wsgi"],
    "gunicorn without our file": [*GUNICORN, "--no-control-socket", "gateway.wsgi"],
    "another server": [sys.executable, "-c", OTHER_SERVER],
    "celery": [sys.executable, "-m", "celery", "-A", "celery_app", "worker", "--pool", "solo"],
    "work": [*MANAGE, "work"],
    "work without checks": [*MANAGE, "work", "--skip-checks"],
    "relay": [*MANAGE, "relay"],
    "relay without checks": [*MANAGE, "relay", "--skip-checks"],
}
UNSAFE = {
    "SECRET_KEY": "x",
    "ALLOWED_HOSTS": "*",
    "VENDOR_ALLOWED_HOSTS": "localhost.",
    "JOB_LEASE_SECONDS": "0",
}
SECONDS = 60


def environment(tmp_path: Path, **changes: str) -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    database = {"DATABASE_URL": f"sqlite:///{tmp_path / 'none.sqlite3'}"}
    # Nothing answers there; a broker is not needed to refuse, nor to say which mode it is.
    broker = {"REDIS_URL": "redis://127.0.0.1:1/0"}
    return keep | SAFE | database | broker | changes


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_it_does_not_start_with_unsafe_settings(tmp_path: Path, name: str) -> None:
    done = subprocess.run(
        ENTRY_POINTS[name],
        cwd=ROOT,
        env=environment(tmp_path, **UNSAFE),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode not in (0, -signal.SIGTERM), output
    for number in ("gateway.E001", "gateway.E002", "gateway.E003", "gateway.E009"):
        assert len(re.findall(number, output)) in (1, 2), output  # two workers may say it
    if name != "gunicorn without our file":  # whose master may print one of its own when it halts
        assert "Traceback" not in output
    assert "serving" not in output
    assert not (tmp_path / "none.sqlite3").exists()


@pytest.mark.parametrize("name", [name for name in ENTRY_POINTS if "without checks" not in name])
def test_it_says_that_it_is_in_development_mode(tmp_path: Path, name: str) -> None:
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ENTRY_POINTS[name],
            cwd=ROOT,
            env=environment(tmp_path, DEBUG="true", VENDOR_ALLOWED_HOSTS="localhost"),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + SECONDS
        while "WARNING gateway.boot.startup" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
    finally:
        with contextlib.suppress(ProcessLookupError):  # celery and relay may have given up
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
    assert "Development mode (DEBUG=true)" in log.read_text()


def test_every_command_of_production_is_an_entry_point() -> None:
    section = (ROOT / "README.md").read_text().split("## Production")[1]
    blocks = [block.splitlines()[1:] for block in section.split("```")[1::2]]
    (serving,) = (lines for lines in blocks if any("gunicorn" in line for line in lines))
    tokens = {token for line in serving for token in line.split("#")[0].split()}
    assert {"gunicorn", "celery", "relay", "work"} <= tokens
    assert len([line for line in serving if line.strip()]) == 4


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project in which `make run` has written its `.env`."""
    for name in ("devtools", "gateway", "integrations", "nucleus", "celery_app"):
        shutil.copytree(ROOT / name, tmp_path / name)  # with what is compiled, which takes long
    shutil.copy(ROOT / "manage.py", tmp_path)
    subprocess.run([sys.executable, "-m", "devtools.dev_env"], cwd=tmp_path, check=True)
    return tmp_path


def test_a_development_file_under_production_variables(checkout: Path) -> None:
    variables = environment(checkout)
    del variables["READ_DOT_ENV"]

    def run(command: list[str], **changes: str) -> tuple[int, str]:
        done = subprocess.run(
            command,
            cwd=checkout,
            env=variables | changes,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    status, output = run(ENTRY_POINTS["gunicorn"])
    assert status != 0
    assert "gateway.E006" in output
    assert "ALLOWED_HOSTS" in output
    for meant in ({"DEBUG": "true"}, {"READ_DOT_ENV": "false"}):
        status, output = run([*MANAGE, "check"], **meant)
        assert status == 0, output
