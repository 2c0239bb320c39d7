"""The product as several real processes that a scenario may kill, stop and start."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import requests
from cryptography.fernet import Fernet

from demo.gateway import Gateway
from tests import mx_api, templates
from tests.faults.services import free_port
from tests.sandbox_process import Sandbox

ROOT = Path(__file__).resolve().parents[2]
LEASE = 5  # seconds
WEBHOOK = ("mx", "canary-webhook-secret")
READY_SECONDS = 120  # of a busy machine


@dataclass
class Member:
    """A linked member, by everybody's names for it."""

    client: str
    user: str
    guid: str


@dataclass
class Deployment:
    """Gateway and workers over one database; MX is a sandbox."""

    directory: Path
    database_url: str
    sandbox: Sandbox
    redis_url: str = ""
    broker_url: str = ""  # if it is not Redis
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    webhook_url: str = ""
    keys: tuple[str, str] = ("", "")
    members: list[Member] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "BROKER_URL": self.broker_url,
            "DEBUG": "true",
            "READ_DOT_ENV": "false",
            "SECRET_KEY": "canary-secret-key-" + secrets.token_hex(16),
            "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "PORT": str(self.port),
            "JOB_LEASE_SECONDS": str(LEASE),
            "MEMBER_POLL_SECONDS": "0.2",
            "WEBHOOK_SETTLE_SECONDS": "0.5",
            "MEMBER_WAIT_SECONDS": "5",
            "DJANGO_SETTINGS_MODULE": "gateway.settings",
        }

    @property
    def uses_celery(self) -> bool:
        return bool(self.redis_url or self.broker_url)

    def set_up(self) -> None:
        """Tenant and keys."""
        arguments = ["--tenant", "demo", "--application", "Demo", "--environment", "custom"]
        api = mx_api.chosen()
        arguments += ["--api", api.slug, "--api-version", api.version]
        arguments += ["--history-days", str(api.days_back)]
        arguments += ["--base-url", self.sandbox.base_url, "--vendor-client-id", api.client_id]
        secret = {"VENDOR_SECRET": api.api_key, "WEBHOOK_SECRET": WEBHOOK[1]}
        report = json.loads(
            self.manage("provision", *arguments, "--webhook-user", WEBHOOK[0], **secret)
        )
        self.keys = (report["application"]["client_id"], report["application"]["client_secret"])
        path = report["settings"]["webhook_url"].split("/webhooks/")[1]
        self.webhook_url = f"{self.url}/webhooks/{path}"

    def manage(self, *arguments: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment | environment, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """A process; its output goes to a log of its own."""
        with (self.directory / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        self.processes[name] = process
        return process

    def start_gateway(self, threads: int = 16) -> None:
        options = f"--config python:gateway.gunicorn_conf --bind 127.0.0.1:{self.port}"
        options += f" --workers 2 --threads {threads} --log-level warning"
        self.start("gateway", "-m", "gunicorn", *options.split(), "gateway.wsgi")
        self.wait_ready()

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.url}/health/ready", timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise AssertionError((self.directory / "gateway.log").read_text()[-3000:])

    def start_worker(self, name: str = "worker") -> subprocess.Popen[bytes]:
        return self.start(name, "manage.py", "work", "--threads", "2", "--idle", "0.1")

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Gunicorn's own workers end with their master's sockets, so they are killed, too."""
        process = self.processes.pop(name)
        children = child_processes(process.pid) if number == signal.SIGKILL else []
        process.send_signal(number)
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        process.wait(40)

    def api(self) -> Gateway:
        return Gateway(self.url, *self.keys)

    def call(self, method: str, path: str, **body: Any) -> Any:
        """The parsed answer of a success."""
        response = self.api().call(method, path, json.dumps(body).encode() if body else None)
        assert response.ok, response.content
        return response.json()

    def link(self, count: int) -> None:
        """So many clients, each with a bank."""
        for number in range(count):
            names = {"username": f"c{number}-{secrets.token_hex(4)}", "client_type": "consumer"}
            client = self.call("POST", "/nucleus/v1/client", **names)["id"]
            own = {"nucleus_client_id": client, "product": "atom", "vendor_name": "mx"}
            user = self.call("POST", "/integration/v1/user", **own)["vendor_response"]["guid"]
            member = self.sandbox.connect(user)
            request = {"vendor_request": {"member_id": member}}
            self.call("POST", "/integration/v1/aggregation/account", **own, **request)
            self.members.append(Member(client, user, member))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database itself says."""
        if self.database_url.startswith("sqlite"):
            path = self.database_url.removeprefix("sqlite:///")
            with closing(
                sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)
            ) as connection:
                return connection.execute(sql).fetchall()
        with psycopg.connect(self.database_url) as server:
            return server.execute(sql).fetchall()  # type: ignore[arg-type]

    def execute(self, sql: str) -> None:
        """Change something behind the product's back."""
        if self.database_url.startswith("sqlite"):
            path = self.database_url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path, timeout=20)) as connection, connection:
                connection.execute(sql)
        else:
            with psycopg.connect(self.database_url) as server:
                server.execute(sql)  # type: ignore[arg-type]

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(35)
            except subprocess.TimeoutExpired:
                process.kill()


def child_processes(pid: int) -> list[int]:
    """The ids of the processes that this one started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(item) for item in text.split()]


@contextmanager
def deployed(
    directory: Path, sandbox: Sandbox, database_url: str = "", redis_url: str = ""
) -> Iterator[Deployment]:
    """A gateway that answers; workers are the scenario's business."""
    sandbox.call("POST", "/_control/reset", json={})
    database_url = database_url or templates.sqlite(directory)
    deployment = Deployment(directory, database_url, sandbox, redis_url)
    try:
        deployment.set_up()
        deployment.start_gateway()
        yield deployment
    finally:
        deployment.stop()
