"""The other side of the story: MX's own API, and the end user in MX's widget."""

from __future__ import annotations

import base64
import html
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import requests

INSTITUTION = "mxbank"
LOGIN, PASSWORD, ANSWER = "mxuser", "challenge", "correct"
POLL_SECONDS = 0.3
PATIENCE_SECONDS = 60
MAX_PAGES = 1000
TIMEOUT = (3.05, 30)
Row = dict[str, Any]
# The name of an API without a version means its newest one.
NEWEST_PLATFORM = "v20250224"
APIS = ("platform", "platform/v20250224", "platform/v20111101", "atrium", "atrium/v1")
CONFIG = re.compile(r'data-config="([^"]*)"')


class BankError(Exception):
    """MX answered something the story cannot go on with."""


@dataclass(frozen=True, slots=True)
class Mx:
    """One of MX's APIs as its documentation describes it, for one set of keys.

    Args:
        name: one of APIS.
    """

    url: str
    client_id: str
    api_key: str
    name: str = "platform"

    @property
    def is_platform(self) -> bool:
        return self.name.startswith("platform")

    @property
    def version(self) -> str:
        """The version of Platform."""
        return self.name.partition("/")[2] or NEWEST_PLATFORM

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The parsed answer, amounts exact.

        Raises:
            BankError: no answer, or an error status.
        """
        with requests.Session() as session:
            session.trust_env = False
            session.headers.update(self._headers())
            response = _sent(session, method, self.url + path, json=body)
        if not response.ok:
            raise BankError(f"MX answered {response.status_code} to {method} {path}")
        return json.loads(response.content, parse_float=Decimal) if response.content else None

    def _headers(self) -> dict[str, str]:
        if self.is_platform:
            pair = base64.b64encode(f"{self.client_id}:{self.api_key}".encode()).decode()
            return {
                "Authorization": f"Basic {pair}",
                "Accept": "application/json",
                "Accept-Version": self.version,
            }
        return {
            "Accept": "application/vnd.mx.atrium.v1+json",
            "MX-Client-ID": self.client_id,
            "MX-API-Key": self.api_key,
        }

    def rows(self, path: str, key: str, **query: str) -> Iterator[Row]:
        """All rows of all pages of a list."""
        for page in range(1, MAX_PAGES + 1):
            parameters = urlencode({**query, "page": str(page), "records_per_page": "100"})
            response = self.call("GET", f"{path}?{parameters}")
            yield from response[key]
            if page >= response["pagination"]["total_pages"]:
                return
        raise BankError(f"{path} has no last page")

    def transactions(self, user: str, account: Row, since: date, until: date) -> Iterator[Row]:
        """The transactions of an account on these days, both included."""
        window = {"from_date": str(since), "to_date": str(until)}
        if self.is_platform and self.version == NEWEST_PLATFORM:
            # Instants, the last of which is a midnight.
            window = {"from_date": _unix(since), "to_date": _unix(until + timedelta(days=1))}
        path = f"/users/{user}/accounts/{account['guid']}/transactions"
        for row in self.rows(path, "transactions", **window):
            if not row["date"] or str(since) <= row["date"] <= str(until):
                yield row

    def positions(self, user: str, account: Row) -> Iterator[Row]:
        """The positions of an account, the number of whose shares is under `shares`."""
        path = f"/users/{user}/accounts/{account['guid']}"
        if not self.is_platform:
            yield from self.rows(f"{path}/holdings", "holdings")
        elif account["type"] == "INVESTMENT":  # MX bills each of these reads
            for row in self.rows(f"{path}/investment_holdings", "investment_holdings"):
                yield row | {"shares": Decimal(row["quantity"])}


def _unix(day: date) -> str:
    return str(int(datetime.combine(day, datetime.min.time(), UTC).timestamp()))


class Widget:
    """The end user at MX's widget: does what its page does, over the same HTTP."""

    def __init__(self, url: str) -> None:
        """Open a widget link, which works once.

        Raises:
            BankError: no widget is behind it.
        """
        self.session = requests.Session()
        self.session.trust_env = False
        page = _sent(self.session, "GET", url)
        config = CONFIG.search(page.text)
        if not page.ok or config is None:
            raise BankError(f"The widget link answered {page.status_code} without a widget.")
        self.session.headers["X-Session"] = json.loads(html.unescape(config[1]))["key"]
        self.base = urljoin(url, "/md/connect/session/")

    def log_in(self) -> str:
        """Link MX Bank, answering its security question; the member's guid."""
        requested = self._call("GET", f"institutions/{INSTITUTION}")["institution"]["credentials"]
        values = [
            {"guid": item["guid"], "value": PASSWORD if item["type"] == "PASSWORD" else LOGIN}
            for item in requested
        ]
        body = {"member": {"institution_code": INSTITUTION, "credentials": values}}
        return self._settled(self._call("POST", "members", body)["member"])

    def verify(self, member: str) -> None:
        """Verify an account of a connected member, the first that can be.

        Raises:
            BankError: it did not work out, or not in time.
        """
        self._settled(self._call("POST", f"members/{member}/start", {})["member"])

    def _settled(self, member: dict[str, Any]) -> str:
        """Follow the member through its jobs and questions; its guid once all is done."""
        path = f"members/{member['guid']}"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            status = member["connection_status"]
            if status == "CHALLENGED":
                responses = {
                    challenge["guid"]: _answer(challenge) for challenge in member["challenges"]
                }
                self._call("POST", f"{path}/answer", {"answers": responses})
            elif not member["is_being_aggregated"]:
                if status != "CONNECTED":
                    raise BankError(f"The login ended as {status}.")
                if self._call("POST", f"{path}/continue", {})["done"]:
                    return str(member["guid"])
            time.sleep(POLL_SECONDS)
            member = self._call("GET", path)["member"]
        raise BankError("The bank did not finish in time.")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        response = _sent(self.session, method, self.base + path, json=body)
        if not response.ok:
            raise BankError(f"The widget got {response.status_code} from {method} {path}.")
        return response.json()


def _answer(question: dict[str, Any]) -> str:
    """The right one, or the first of the accounts to choose from."""
    return str(question["options"][0]["value"]) if "options" in question else ANSWER


def _sent(session: requests.Session, method: str, url: str, **content: Any) -> requests.Response:
    try:
        return session.request(method, url, timeout=TIMEOUT, **content)
    except requests.RequestException as error:
        raise BankError(f"{urlsplit(url).netloc} does not answer: is the sandbox up?") from error
