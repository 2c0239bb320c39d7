"""The server as gateway.socket and gateway.service of systemd run it, and requests meanwhile."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from tests.production.deployment import GATEWAY, STOP_SECONDS, Deployment

# What systemd does for a service with a socket: hands it over as descriptor 3.
START = 'exec 3<&"$0"; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
PAUSE = 0.05


@dataclass
class Server:
    """A server whose port stays open while it restarts."""

    deployment: Deployment
    command: list[str]
    listener: socket.socket
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def start(self) -> None:
        number = self.listener.fileno()
        environment = self.deployment.environment.copy()
        del environment["GUNICORN_CMD_ARGS"]  # which binds another port
        with (self.deployment.place.parent / "restarted.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", START, str(number), *self.command], cwd=self.deployment.place,
                env=environment, pass_fds=[number], stdout=log, stderr=log,
            )  # fmt: skip

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def restart(self) -> None:
        """As systemctl restart does."""
        assert self.stop() == 0
        self.start()


@contextmanager
def server(deployment: Deployment, command: list[str]) -> Iterator[Server]:
    """The server, started; it ends with the context."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        item = Server(deployment, command, listener)
        item.start()
        try:
            yield item
        finally:
            if item.process and item.process.poll() is None:
                item.process.kill()
                item.process.wait(10)


@dataclass
class Traffic:
    """What became of requests that were made all the while."""

    statuses: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextmanager
def traffic(url: str, path: str, token: str) -> Iterator[Traffic]:
    """GET requests one after the other in four threads, each on a connection of its own."""
    result, ended = Traffic(), threading.Event()
    headers = {
        "Host": GATEWAY, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1",
        "Authorization": f"Bearer {token}", "Connection": "close",
    }  # fmt: skip

    def run() -> None:
        while not ended.is_set():
            try:
                response = requests.get(f"{url}{path}", headers=headers, timeout=60)
                result.statuses.append(response.status_code)
            except requests.RequestException as error:
                result.errors.append(repr(error))
            time.sleep(PAUSE)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield result
    finally:
        ended.set()
        for thread in threads:
            thread.join(90)
