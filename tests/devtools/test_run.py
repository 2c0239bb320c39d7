"""`make run`: starts everything, stops everything, keeps what was made."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from demo import stack as stacks
from tests import templates
from tests.waiting import PATIENCE

pytestmark = pytest.mark.embedded
NEW_CLIENT = b'{"username": "ada", "client_type": "consumer"}'


START_SECONDS = 300  # the whole suite may be running beside it
STOP_SECONDS = 60
Up = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def up() -> Iterator[Up]:
    """Starts `manage.py up`; whatever the test does, nothing of it runs on afterwards."""
    with contextlib.ExitStack() as stack:

        def start(
            directory: Path, environment: dict[str, str], *options: str
        ) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--directory", str(directory), *options],
                cwd=stacks.ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            stack.callback(ended, process)
            return process

        yield start


def ended(process: subprocess.Popen[Any]) -> None:
    """Ask it to stop; kill it if it does not, and its guard stops the others."""
    with process:  # closes its pipe
        if process.poll() is None:
            process.terminate()
            try:
                process.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def migrated(directory: Path) -> dict[str, str]:
    """The environment of a stack whose tables exist already: it starts in half the time."""
    return stacks.environment(directory) | {"DATABASE_URL": templates.sqlite(directory)}


def started(process: subprocess.Popen[Any], directory: Path) -> dict[str, str]:
    deadline = time.monotonic() + START_SECONDS
    while not (directory / "stack.json").exists():
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return dict(json.loads((directory / "stack.json").read_text()))


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stopped(process: subprocess.Popen[str], number: signal.Signals) -> str:
    process.send_signal(number)
    return process.communicate(timeout=STOP_SECONDS)[0]


def silent(environment: dict[str, str]) -> bool:
    ports = [int(environment[name]) for name in ("PORT", "SANDBOX_PORT", "DEMO_PORT")]
    return not any(is_listening(port) for port in ports)


def descendants(pid: int) -> list[int]:
    """The processes that this one has started, and theirs."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    children = [int(item) for item in text.split()]
    return children + [descendant for child in children for descendant in descendants(child)]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_it_starts_and_stops_twice_with_the_same_credentials_and_data(
    up: Up, tmp_path: Path
) -> None:
    environment = stacks.environment(tmp_path)
    process = up(tmp_path, environment)
    first = started(process, tmp_path)
    assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600
    for url in (first["demo"], f"{first['gateway']}/docs", f"{first['gateway']}/admin/login/"):
        assert requests.get(url, timeout=PATIENCE).status_code == 200
    created = stacks.Stack(**first).api().call("POST", "/nucleus/v1/client", NEW_CLIENT)
    assert created.status == 201
    assert_private(process.pid, tmp_path, environment)
    output = stopped(process, signal.SIGINT)
    assert process.returncode == 0
    for text in (first["demo"], first["client_secret"], first["admin_password"], first["sandbox"]):
        assert text in output

    process = up(tmp_path, environment)
    second = started(process, tmp_path)
    clients = stacks.Stack(**second).api().call("GET", "/nucleus/v1/client").json()
    stopped(process, signal.SIGTERM)
    assert second == first
    assert [client["id"] for client in clients["content"]] == [created.json()["id"]]
    assert not (tmp_path / "stack.json").exists()
    assert silent(environment)


def assert_private(pid: int, directory: Path, environment: dict[str, str]) -> None:
    """Nobody else reads the files, and neither other machines nor `ps` see anything."""
    secrets = json.loads((directory / "demo-credentials.json").read_text())
    hidden = [value for name, value in secrets.items() if name not in ("client_id", "webhook_url")]
    hidden += [environment["SECRET_KEY"], environment["FIELD_ENCRYPTION_KEYS"]]
    hidden += ["sandbox-api-key", "sandbox-platform-api-key"]
    for path in directory.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    for child in [pid, *descendants(pid)]:
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        assert not any(secret.encode() in command for secret in hidden)
    ports = {int(environment[name]) for name in ("PORT", "SANDBOX_PORT", "DEMO_PORT")}
    for name, loopback in (("tcp", "0100007F"), ("tcp6", "none")):
        rows = [row.split() for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
        addresses = [row[1].split(":") for row in rows if row[3] == "0A"]  # those that listen
        assert {address for address, port in addresses if int(port, 16) in ports} <= {loopback}


def test_a_second_one_touches_nothing_and_a_kill_leaves_nothing(up: Up, tmp_path: Path) -> None:
    """One stack for both, because starting one takes long."""
    environment = migrated(tmp_path)
    first = up(tmp_path, environment)
    stack = started(first, tmp_path)
    refused_while_running(up, tmp_path, environment, f"{stack['gateway']} (pid {first.pid})")
    response = stacks.Stack(**stack).api().call("POST", "/nucleus/v1/client", NEW_CLIENT)
    user = {"nucleus_client_id": response.json()["id"], "product": "atom", "vendor_name": "mx"}
    api = stacks.Stack(**stack).api()
    assert api.call("POST", "/integration/v1/user", json.dumps(user).encode()).ok

    processes = descendants(first.pid)
    first.kill()
    first.communicate()
    wait_for(lambda: silent(environment))
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))
    # What it left in its directory is in nobody's way: the next one gets as far as its ports.
    with socket.create_server(("127.0.0.1", int(environment["PORT"]))):
        assert "is in use" in up(tmp_path, environment).communicate(timeout=STOP_SECONDS)[0]


def refused_while_running(up: Up, directory: Path, environment: dict[str, str], text: str) -> None:
    """On other ports, in the same directory and in another one over the same database."""
    free = stacks.environment(directory)
    remaining = environment | {name: free[name] for name in ("PORT", "SANDBOX_PORT", "DEMO_PORT")}
    before = {path: path.stat().st_mtime_ns for path in directory.glob("*.json")}
    for other in (directory, directory / "other"):
        second = up(other, remaining)
        output = second.communicate(timeout=STOP_SECONDS)[0]
        assert second.returncode == 1
        assert text in output
        assert "Traceback" not in output
    assert {path: path.stat().st_mtime_ns for path in directory.glob("*.json")} == before
    assert silent(remaining)


@pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT", "DEMO_PORT"])
def test_a_taken_port_is_named_with_the_variable_to_change(
    up: Up, tmp_path: Path, name: str
) -> None:
    environment = stacks.environment(tmp_path)
    with socket.create_server(("127.0.0.1", int(environment[name]))):
        process = up(tmp_path, environment)
        output = process.communicate(timeout=STOP_SECONDS)[0]
    assert process.returncode == 1
    assert f"Port {environment[name]} is in use" in output
    assert f"{name}=" in output
    if Path("/proc/net/tcp").exists():
        assert f"by process {os.getpid()}" in output


def test_it_refuses_to_run_in_production(up: Up, tmp_path: Path) -> None:
    process = up(tmp_path, stacks.environment(tmp_path) | {"DEBUG": "false"})
    output = process.communicate(timeout=STOP_SECONDS)[0]
    assert process.returncode == 1
    assert "DEBUG=true" in output
    assert "Traceback" not in output


def test_make_finds_a_python_that_is_new_enough(tmp_path: Path) -> None:
    """A dead pyenv shim and an old Python come first in PATH; both are passed over."""
    for name, body in (("python3.13", "exit 127"), ("python3.12", "exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "python3.11").symlink_to(sys.executable)
    command = ["make", "--no-print-directory", "--eval", "which: ; @echo $(PYTHON)", "which"]
    path = f"{tmp_path}:/usr/bin:/bin"
    done = subprocess.run(
        command,
        cwd=stacks.ROOT,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(tmp_path / "python3.11")


def test_an_attached_stack_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """However that ended: pytest or `make demo` killed outright must leave nothing running."""
    environment = migrated(tmp_path)
    command = [sys.executable, "manage.py", "up", "--attached", "--directory", str(tmp_path)]
    code = f"import subprocess; subprocess.run({command!r}, stdout=subprocess.DEVNULL)"
    starter = subprocess.Popen([sys.executable, "-c", code], cwd=stacks.ROOT, env=environment)
    try:
        started(starter, tmp_path)
    finally:
        starter.kill()
        starter.wait()
    wait_for(lambda: not (tmp_path / "stack.json").exists())
    wait_for(lambda: silent(environment))
