"""Several processes as one, with real processes."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from gateway.processes import ProcessError, Service, Stack, port_is_free

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
    words = rf"silent \(http://127.0.0.1:{port}\)"
    with Stack([silent]) as stack, pytest.raises(ProcessError, match=words):
        stack.wait_ready(0.5)


def test_a_process_that_ignores_the_request_to_stop_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("gateway.processes.STOP_SECONDS", 0.5)
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


def test_output_carries_the_name_of_its_process(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ProcessError):
        watched([python("talker", "print('hello')")], [])
    assert "talker | hello\n" in capfd.readouterr().out
