"""Starts the real MX sandbox for tests and speaks to it as MX's caller would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from tests.waiting import PATIENCE

CLIENT_ID, API_KEY = "sandbox-client-id", "sandbox-api-key"
PLATFORM_KEYS = ("sandbox-platform-client-id", "sandbox-platform-api-key")
# Quick, for many users, and every account verified without a choice.
DEFAULTS = {
    "DEBUG": "true",
    "SANDBOX_JOB_SECONDS": "0.05",
    "SANDBOX_USER_LIMIT": "0",
    "SANDBOX_VERIFICATION_FLOW": "legacy",
}
# User names: with the accounts of every kind, and with two checking accounts and a savings account.
LOGIN, DEPOSITS = "test_atrium", "deposits"
READY = "MX sandbox ready at "


@dataclass
class Sandbox:
    """A running sandbox."""

    base_url: str
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.headers.update(
            {
                "MX-Client-ID": CLIENT_ID,
                "MX-API-Key": API_KEY,
                "Accept": "application/vnd.mx.atrium.v1+json",
            }
        )

    def as_platform(self, version: str) -> Sandbox:
        """The same sandbox for a client of MX Platform."""
        client = Sandbox(self.base_url, requests.Session())
        client.session.headers.clear()
        client.session.auth = PLATFORM_KEYS
        client.session.headers.update({"Accept": "application/json", "Accept-Version": version})
        return client

    def call(self, method: str, path: str, **kwargs: Any) -> Any:
        """The parsed answer, amounts as Decimal; fails on any error status."""
        response = self.session.request(method, self.base_url + path, timeout=PATIENCE, **kwargs)
        response.raise_for_status()
        return response.json(parse_float=Decimal) if response.content else None

    def listed(self, path: str, key: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        rows: list[dict[str, Any]] = []
        for page in range(1, 1000):
            separator = "&" if "?" in path else "?"
            response = self.call("GET", f"{path}{separator}page={page}&records_per_page=100")
            rows += response[key]
            if page >= response["pagination"]["total_pages"]:
                return rows
        raise AssertionError("endless pages")

    def connect(
        self,
        user: str,
        password: str = "password",
        institution: str = "mxbank",
        login: str = LOGIN,
    ) -> str:
        """What the end user does in the widget: a member; answers its guid."""
        body = {
            "institution_code": institution,
            "credentials": self._credentials(institution, login, password),
        }
        return str(
            self.call("POST", f"/users/{user}/members", json={"member": body})["member"]["guid"]
        )

    def log_in_again(self, user: str, member: str, institution: str = "mxbank") -> None:
        """What the end user does in the widget that repairs a member."""
        body = {"credentials": self._credentials(institution, LOGIN, "password")}
        self.call("PUT", f"/users/{user}/members/{member}", json={"member": body})

    def _credentials(self, institution: str, login: str, password: str) -> list[dict[str, str]]:
        requested = self.call("GET", f"/institutions/{institution}/credentials")["credentials"]
        by_type = {credential["type"]: credential["guid"] for credential in requested}
        login_field = next(guid for kind, guid in by_type.items() if kind != "PASSWORD")
        return [
            {"guid": login_field, "value": login},
            {"guid": by_type["PASSWORD"], "value": password},
        ]

    def fault(self, **fault: Any) -> None:
        """Make the next matching call(s) go wrong; see docs/sandbox.md."""
        self.call("POST", "/_control/faults", json=fault)

    @contextmanager
    def stopped_clock(self) -> Iterator[None]:
        """Nothing goes on by itself meanwhile, however long the machine takes."""
        self.call("POST", "/_control/clock", json={"is_running": False})
        try:
            yield
        finally:
            self.call("POST", "/_control/clock", json={"is_running": True})

    def heal(self) -> None:
        """Forget all faults."""
        self.call("DELETE", "/_control/faults")


@contextmanager
def running(directory: Path, **environment: str) -> Iterator[Sandbox]:
    """A sandbox of its own, on a free port, with its database in `directory`."""
    env = os.environ | DEFAULTS | environment
    env.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    command += ["--database", str(directory / "sandbox.sqlite3")]
    log = (directory / "sandbox.log").open("w")
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=log, text=True
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(READY):
                    break
            else:
                raise AssertionError((directory / "sandbox.log").read_text())
            yield Sandbox(base_url=line.removeprefix(READY).strip())
        finally:
            process.terminate()
            process.wait(PATIENCE)
            log.close()
