"""Runs several processes as one: all answer, or none stays."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

import requests

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS = 10
COPY_SECONDS = 1
POLL_SECONDS = 0.1
GUARD = Path(__file__).with_name("process_guard.py")


class ProcessError(Exception):
    """A process did not start, or ended by itself."""


@dataclass(frozen=True, slots=True)
class Service:
    """One process of the stack."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    url: str | None = None  # answers HTTP once the process is ready


class Stack:
    """Starts services, watches them, stops them in reverse order on leaving the context.

    A guard process stops them if this process is killed and cannot do it any more.
    """

    def __init__(self, services: Iterable[Service]) -> None:
        self.services = list(services)
        self.running: list[tuple[Service, subprocess.Popen[str]]] = []
        self.copiers: dict[int, threading.Thread] = {}  # by process id
        self.stopping = threading.Event()
        self.width = max(len(service.name) for service in self.services)

    def __enter__(self) -> Self:
        self.handlers = {
            number: signal.signal(number, self._stop_requested) for number in STOP_SIGNALS
        }
        self.guard = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(GUARD), str(STOP_SECONDS)],
            stdin=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        try:
            for service in self.services:
                self._start(service)
        except BaseException:
            self._stop_all()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop_all()
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def wait_ready(self, seconds: float, *, parent: int | None = None) -> bool:
        """Wait until every service with a URL answers; false if asked to stop meanwhile.

        Args:
            parent: also stop when this process is no longer its child.

        Raises:
            ProcessError: one ended, or does not answer in time.
        """
        deadline = time.monotonic() + seconds
        waiting = [service for service in self.services if service.url]
        while waiting and not self.stopping.is_set():
            self._check_alive()
            if _is_orphan(parent):
                return False
            waiting = [service for service in waiting if not _is_responding(str(service.url))]
            if waiting and time.monotonic() > deadline:
                names = ", ".join(f"{service.name} ({service.url})" for service in waiting)
                raise ProcessError(f"No answer within {seconds:.0f} s from {names}.")
            self.stopping.wait(POLL_SECONDS)
        return not self.stopping.is_set()

    def watch(self, *, parent: int | None = None) -> None:
        """Return when asked to stop, or when this process is no longer a child of `parent`.

        Raises:
            ProcessError: one ended by itself.
        """
        while not self.stopping.wait(POLL_SECONDS * 5):
            self._check_alive()
            if _is_orphan(parent):
                return

    def _start(self, service: Service) -> None:
        # A session of its own: Ctrl-C in the terminal reaches this process only, which then
        # stops the others in order.
        process = subprocess.Popen(  # noqa: S603
            service.command,
            env=dict(service.environment) | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self.running.append((service, process))
        assert self.guard.stdin is not None  # noqa: S101 - it is a pipe
        with contextlib.suppress(BrokenPipeError):  # somebody has killed the guard
            self.guard.stdin.write(f"{process.pid}\n".encode())
        copier = threading.Thread(
            target=self._copy, args=(service.name, process.stdout), daemon=True
        )
        copier.start()
        self.copiers[process.pid] = copier

    def _copy(self, name: str, output: IO[str]) -> None:
        with output:
            for line in output:
                sys.stdout.write(f"{name:{self.width}} | {line.rstrip()}\n")
                sys.stdout.flush()

    def _check_alive(self) -> None:
        for service, process in self.running:
            if process.poll() is not None:
                # Its last lines say why it ended; they come before ours.
                self.copiers[process.pid].join(COPY_SECONDS)
                raise ProcessError(f"{service.name} {_ending(process.returncode)}; see above.")

    def _stop_requested(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()

    def _stop_all(self) -> None:
        for _, process in reversed(self.running):
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for _, process in self.running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            with contextlib.suppress(ProcessLookupError):  # nobody is left of the group
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.copiers[process.pid].join(COPY_SECONDS)
        self.guard.kill()
        self.guard.communicate()


def _is_orphan(parent: int | None) -> bool:
    return parent is not None and os.getppid() != parent


def port_is_free(port: int) -> bool:
    """Whether 127.0.0.1:port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def port_holder(port: int) -> int | None:
    """The process that listens on 127.0.0.1:port, where Linux tells us."""
    with contextlib.suppress(OSError):
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        listening = "0A"
        sockets = {
            f"socket:[{row[9]}]"
            for row in rows
            if row[3] == listening and int(row[1].rpartition(":")[2], 16) == port
        }
        for entry in Path("/proc").glob("[0-9]*/fd/*"):
            with contextlib.suppress(OSError):
                if os.readlink(entry) in sockets:
                    return int(entry.parts[2])
    return None


def _is_responding(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False  # a proxy knows nothing of 127.0.0.1
        try:
            return session.get(url, timeout=2, allow_redirects=False).status_code < 500
        except requests.RequestException:
            return False


def _ending(returncode: int) -> str:
    if returncode < 0:
        return f"was killed by {signal.Signals(-returncode).name}"
    return f"ended with exit code {returncode}"
