"""The product as the README installs and starts it: a checkout, an environment, real services."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests
from cryptography.fernet import Fernet

from demo.gateway import Gateway
from tests import sandbox_process
from tests.faults.services import free_port
from tests.production import tls
from tests.production.readme import ROOT
from tests.sandbox.receiver import Receiver, receiving

NETWORK = Path(__file__).parent / "network"
GATEWAY, MX, HOOKS = "gateway.production.test", "mx.production.test", "hooks.production.test"
# Public addresses that lead nowhere (AS112); sitecustomize.py lets connections to them end here.
ADDRESSES = {GATEWAY: "192.31.196.10", MX: "192.31.196.11", HOOKS: "192.31.196.12"}
NOT_IN_A_CHECKOUT = (".*", "var", "node_modules", "__pycache__", "tests", "sandbox", "demo")
READY_SECONDS, STOP_SECONDS = 120, 30


def checkout(directory: Path) -> Path:
    """The product in a directory of its own, without what development leaves around."""
    place = directory / "checkout"
    shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(*NOT_IN_A_CHECKOUT))
    return place


@dataclass
class Deployment:
    """Processes of one production installation, and what stands around it."""

    checkout: Path
    place: Path  # where it is installed
    environment: dict[str, str]
    sandbox: sandbox_process.Sandbox
    receiver: Receiver
    url: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One command to its end."""
        return subprocess.run(
            shlex.split(command), cwd=self.place, env=self.environment | environment,
            capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip

    def start(self, command: str) -> None:
        """One of the processes; its output goes to a log."""
        with self.log(command).open("wb") as log:
            self.processes[command] = subprocess.Popen(
                shlex.split(command), cwd=self.place, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def log(self, command: str) -> Path:
        return self.place.parent / f"{'-'.join(shlex.split(command)[:2]).replace('/', '-')}.log"

    def logs(self) -> str:
        """The end of every log, for a failure's report."""
        return "\n".join(
            f"== {command}\n{self.log(command).read_text()[-3000:]}" for command in self.processes
        )

    def wait_ready(self) -> None:
        """Until the gateway says that it is ready."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.url}/health/ready", timeout=5).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise AssertionError(self.logs())

    def api(self, client_id: str, client_secret: str) -> Gateway:
        """The API for an application."""
        return Gateway(self.url, client_id, client_secret)

    def stop(self, command: str) -> int:
        """SIGTERM; the exit code. Nothing of its process group may be left."""
        process = self.processes.pop(command)
        process.send_signal(signal.SIGTERM)
        code = process.wait(STOP_SECONDS)
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return code
        raise AssertionError(f"{command} left processes behind")

    def kill(self) -> None:
        """Whatever a failed test has left."""
        while self.processes:
            _, process = self.processes.popitem()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


@contextmanager
def deployed(directory: Path, database_url: str, redis_url: str) -> Iterator[Deployment]:
    """A checkout with everything around it; nothing is installed and nothing runs yet."""
    place = directory / "opt" / "gateway"
    port, hooks = free_port(), "/hooks"
    with ExitStack() as stack:
        receiver = stack.enter_context(receiving())
        ca, chain = tls.certificate(directory, list(ADDRESSES))
        gateway = f"http://127.0.0.1:{port}"
        https = {
            "Host": GATEWAY,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "192.0.2.1",
        }
        ports = {
            GATEWAY: stack.enter_context(tls.proxy(chain, gateway, https)),
            HOOKS: stack.enter_context(tls.proxy(chain, receiver.url.removesuffix(hooks), {})),
        }
        environment = {"PYTHONPATH": str(NETWORK), "TEST_NETWORK": _network(ca, ports)}
        sandbox = stack.enter_context(
            sandbox_process.running(
                directory, SANDBOX_JOB_SECONDS="0.3", SANDBOX_ALLOWED_HOSTS=MX, **environment
            )
        )
        behind = {"Host": MX, "X-Forwarded-Proto": "https"}  # of which it makes widget links
        ports[MX] = stack.enter_context(tls.proxy(chain, sandbox.base_url, behind))
        entrance = stack.enter_context(tls.proxy(None, gateway, https))
        stack.callback(sandbox.session.close)
        item = Deployment(
            checkout(directory),
            place,
            production_environment(place, database_url, redis_url, _network(ca, ports), port),
            sandbox,
            receiver,
            f"http://127.0.0.1:{entrance}",
        )
        stack.callback(item.kill)
        yield item


def _network(ca: Path, ports: Mapping[str, int]) -> str:
    hosts = {name: (ADDRESSES[name], port) for name, port in ports.items()}
    return json.dumps({"ca": str(ca), "hosts": hosts})


def production_environment(
    place: Path, database_url: str, redis_url: str, network: str, port: int
) -> dict[str, str]:
    """What docs/configuration.md asks for, and nothing of the environment of the tests."""
    binaries = place / ".venv" / "bin"
    return {
        "PATH": f"{binaries}:/usr/bin:/bin",
        "VIRTUAL_ENV": str(binaries.parent),
        "HOME": str(place.parent),
        "LANG": "C.UTF-8",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "ALLOWED_HOSTS": GATEWAY,
        "PUBLIC_URL": f"https://{GATEWAY}",
        "BEHIND_TLS_PROXY": "true",
        "TRUSTED_PROXY_COUNT": "1",
        "VENDOR_ALLOWED_HOSTS": MX,
        "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}",
        "PYTHONPATH": str(NETWORK),
        "TEST_NETWORK": network,
    }
