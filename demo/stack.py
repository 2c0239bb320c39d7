"""Finds the stack that `make run` started, or starts one of its own."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.bank import Mx
from demo.gateway import Gateway, GatewayUnreachable

ROOT = Path(__file__).resolve().parent.parent
UP = [sys.executable, "manage.py", "up"]
START_SECONDS = 180  # a busy machine takes a minute and more
STOP_SECONDS = 30


class StackError(Exception):
    """The stack could not be started."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Where everything answers, and with which credentials; `manage.py up` writes these."""

    gateway: str
    sandbox: str
    demo: str
    client_id: str
    client_secret: str
    admin_password: str
    mx_api: str
    sandbox_client_id: str
    sandbox_api_key: str

    def api(self) -> Gateway:
        """The gateway's API with the demo application's credentials."""
        return Gateway(self.gateway, self.client_id, self.client_secret)

    def mx(self) -> Mx:
        """The API of MX that the gateway uses, with the same keys."""
        return Mx(self.sandbox, self.sandbox_client_id, self.sandbox_api_key, self.mx_api)


def running(directory: Path = ROOT / "var") -> Stack | None:
    """The stack of `make run`, if it answers to its own credentials."""
    try:
        stack = _read(directory)
        responses = stack.api().call("GET", "/nucleus/v1/client?size=1").ok
    except (OSError, GatewayUnreachable):
        return None
    return stack if responses else None


@contextmanager
def temporary(
    extra: Mapping[str, str] | None = None, *, mx_api: str = "platform"
) -> Iterator[Stack]:
    """A stack of its own: free ports, a database that is gone afterwards.

    Args:
        extra: more environment variables, for example DATABASE_URL.
        mx_api: the API of MX that the gateway speaks, one of `bank.APIS`.
    """
    with tempfile.TemporaryDirectory(prefix="gateway-stack-") as name:
        directory = Path(name)
        log = directory / "log"
        with log.open("w") as output:
            process = subprocess.Popen(  # noqa: S603
                [*UP, "--attached", "--directory", name, "--api", mx_api],
                cwd=ROOT,
                env=environment(directory) | dict(extra or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield _await(process, directory)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()  # its guard stops what it has started
        process.wait()


def environment(directory: Path) -> dict[str, str]:
    """The environment of a stack on free ports whose database is in `directory`."""
    ports = _free_ports(3)
    own = {
        "READ_DOT_ENV": "false",
        "DEBUG": "true",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE_URL": f"sqlite:///{directory / 'gateway.sqlite3'}",
        "REDIS_URL": "",
        "BROKER_URL": "",
        "DJANGO_SETTINGS_MODULE": "gateway.settings",
        **dict(zip(("PORT", "SANDBOX_PORT", "DEMO_PORT"), map(str, ports), strict=True)),
    }
    return {**os.environ, **own}


def _await(process: subprocess.Popen[bytes], directory: Path) -> Stack:
    deadline = time.monotonic() + START_SECONDS
    while not (directory / "stack.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = (directory / "log").read_text()[-4000:]
            raise StackError(f"The stack did not start:\n{tail}")
        time.sleep(0.1)
    return _read(directory)


def _read(directory: Path) -> Stack:
    return Stack(**json.loads((directory / "stack.json").read_text()))


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(item.getsockname()[1]) for item in sockets]
    for item in sockets:
        item.close()
    return ports
