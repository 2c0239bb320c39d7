"""Databases and brokers of a scenario's own, to be stopped and killed."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

from tests import templates

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
HAS_POSTGRES = bool(BINARIES) and (os.geteuid() != 0 or shutil.which("runuser") is not None)
HAS_REDIS = shutil.which("redis-server") is not None
RABBITMQ_URL = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")


def has_rabbitmq() -> bool:
    """Whether something listens where the tests' RabbitMQ should be."""
    parts = urlsplit(RABBITMQ_URL)
    try:
        socket.create_connection((parts.hostname, parts.port or 5672), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for_port(port: int) -> None:
    """Until something listens there."""
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


@dataclass
class Postgres:
    """A cluster of one's own."""

    directory: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        log = str(self.directory / "log")
        data = str(self.directory / "data")
        self._run("pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start")
        for _ in range(100):
            try:
                psycopg.connect(self.url, connect_timeout=1).close()
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self.directory / "log").read_text())

    def stop(self, mode: str = "immediate") -> None:
        """At once, as after a power failure, unless told otherwise."""
        self._run("pg_ctl", "-D", str(self.directory / "data"), "-m", mode, "stop")

    def create(self) -> None:
        data = str(self.directory / "data")
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N")

    def _run(self, name: str, *arguments: str) -> None:
        command = [str(BINARIES[-1] / name), *arguments]
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            command = ["runuser", "-u", "postgres", "--", *command]
        nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "cwd": "/"}
        done = subprocess.run(command, check=False, timeout=60, **nowhere)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A running cluster with all tables; its data is gone afterwards."""
    server = Postgres(_owned_directory(), free_port())
    try:
        copy = ["cp", "-a", str(_template() / "data"), str(server.directory)]
        subprocess.run(copy, check=True, timeout=60)
        server.start()
        yield server
    finally:
        if (server.directory / "data/postmaster.pid").exists():
            server.stop()
        shutil.rmtree(server.directory, ignore_errors=True)


@cache
def _template() -> Path:
    """A cluster that was migrated and stopped."""
    server = Postgres(_owned_directory(), free_port())
    atexit.register(shutil.rmtree, server.directory, ignore_errors=True)
    server.create()
    server.start()
    templates.migrate(server.url)
    server.stop("fast")
    return server.directory


def _owned_directory() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="faults-pg-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(directory, owner.pw_uid, owner.pw_gid)
    return directory


@dataclass
class Redis:
    """A broker of one's own, which keeps nothing on disk."""

    port: int
    password: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        access = f":{self.password}@" if self.password else ""
        return f"redis://{access}127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        if self.password:
            command += ["--requirepass", self.password]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(100):
            try:
                redis.Redis.from_url(self.url, socket_timeout=1).ping()
            except redis.RedisError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("Redis did not start")

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait(10)

    def flush(self) -> None:
        redis.Redis.from_url(self.url, socket_timeout=1).flushall()


@contextmanager
def broker() -> Iterator[Redis]:
    """A running Redis."""
    server = Redis(free_port())
    server.start()
    try:
        yield server
    finally:
        assert server.process is not None
        server.process.kill()
        server.process.wait(10)
