"""Several processes as one, with real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from devtools.processes import ProcessError, Service, Stack, port_holder, port_is_free

SLEEPER = [sys.executable, "-c", "import time; print('awake'); time.sleep(60)"]


def python(name: str, code: str) -> Service:
    return Service(name, [sys.executable, "-c", code])


def web(port: int) -> Service:
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    return Service("web", command, url=f"http://127.0.0.1:{port}")


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def has_exited(pid: int) -> bool:
    """Ended; whether anybody has reaped it is not our business."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            return stat.read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True
    return ended(pid)


def test_waits_until_services_answer_and_stops_them(port: int) -> None:
    with Stack([web(port), Service("sleeper", SLEEPER)]) as stack:
        assert stack.wait_ready(20)
        assert not port_is_free(port)
        pids = [process.pid for _, process in stack.running]
    assert all(ended(pid) for pid in pids)
    assert port_is_free(port)


def watched(services: list[Service], pids: list[int], *, kill: bool = False) -> None:
    with Stack(services) as stack:
        pids += [process.pid for _, process in stack.running]
        if kill:
            os.kill(pids[0], signal.SIGKILL)
        stack.watch()


def test_a_process_that_ends_takes_the_others_down() -> None:
    services = [Service("sleeper", SLEEPER), python("short", "raise SystemExit(3)")]
    pids: list[int] = []
    with pytest.raises(ProcessError, match="short ended with exit code 3"):
        watched(services, pids)
    assert ended(pids[0])


def test_a_killed_process_is_named_with_its_signal() -> None:
    with pytest.raises(ProcessError, match="victim was killed by SIGKILL"):
        watched([Service("victim", SLEEPER)], [], kill=True)


def test_a_service_that_never_answers_is_named_with_its_url(port: int) -> None:
    silent = Service("silent", SLEEPER, url=f"http://127.0.0.1:{port}")
    text = rf"silent \(http://127.0.0.1:{port}\)"
    with Stack([silent]) as stack, pytest.raises(ProcessError, match=text):
        stack.wait_ready(0.5)


def test_a_process_that_ignores_the_request_to_stop_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("devtools.processes.STOP_SECONDS", 0.5)
    deaf = (
        "import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"pathlib.Path({str(tmp_path / 'deaf')!r}).touch(); time.sleep(60)"
    )
    with Stack([python("deaf", deaf)]) as stack:
        while not (tmp_path / "deaf").exists():
            assert not stack.stopping.wait(0.05)
        pid = stack.running[0][1].pid
    assert ended(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_the_watch_and_are_given_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Stack([Service("sleeper", SLEEPER)]) as stack:
        threading.Timer(0.2, os.kill, (os.getpid(), number)).start()
        stack.watch()
        assert stack.stopping.is_set()
    assert signal.getsignal(number) is before


def test_the_last_lines_of_a_process_that_ends_are_shown(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slow the terminal is: they say why it ended."""
    write = sys.stdout.write

    def slow(text: str) -> int:
        time.sleep(0.1)
        return write(text)

    monkeypatch.setattr(sys.stdout, "write", slow)
    monkeypatch.setattr("devtools.processes.COPY_SECONDS", 30)
    crash = "for n in range(20): print('line', n)\nraise SystemExit('out of memory')"
    with pytest.raises(ProcessError):
        watched([python("crash", crash)], [])
    assert "crash | out of memory\n" in capfd.readouterr().out


RUNNER = """
import sys
from devtools import processes
from devtools.processes import Service, Stack
processes.STOP_SECONDS = 1
services = [Service("deaf", [sys.executable, "-c", sys.argv[1]]),
            Service("polite", [sys.executable, "-c", "import time; time.sleep(60)"])]
with Stack(services) as stack:
    print(*[process.pid for _, process in stack.running], flush=True)
    stack.watch()
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


def test_processes_end_with_a_parent_that_is_killed_outright() -> None:
    command = [sys.executable, "-c", RUNNER, DEAF]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        time.sleep(0.5)  # until the deaf one is deaf
        parent.kill()
    deadline = time.monotonic() + 20
    while not all(has_exited(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_child_processes_are_stopped_with_their_parent(tmp_path: Path) -> None:
    """A server whose master is killed leaves workers; they have its process group."""
    code = (
        "import subprocess, sys, pathlib; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid)); sys.exit(1)"
    )
    with pytest.raises(ProcessError):
        watched([python("master", code)], [])
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while not has_exited(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_holder_of_a_port_is_named(port: int) -> None:
    if not Path("/proc/net/tcp").exists():
        pytest.skip("only Linux tells us")
    assert port_holder(port) is None
    with socket.create_server(("127.0.0.1", port)):
        assert port_holder(port) == os.getpid()


def test_output_carries_the_name_of_its_process(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ProcessError):
        watched([python("talker", "print('hello')")], [])
    assert "talker | hello\n" in capfd.readouterr().out
