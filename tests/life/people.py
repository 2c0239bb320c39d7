"""The people of a simulation: clients of the tenant, their logins, and what is known of both."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests

from nucleus.models import Client
from tests.api import Api
from tests.sandbox_process import Sandbox

T = TypeVar("T")
MAX_FAULTS = 15
INSTITUTIONS = ("mxbank", "test_credit_union")
JSON = dict[str, Any]


def _patiently(call: Callable[[], T]) -> T:
    """Call until MX's faults are over: they are for the gateway, but meet whoever calls."""
    for _ in range(MAX_FAULTS):
        with suppress(requests.HTTPError):
            return call()
    return call()


@dataclass
class Person:
    """A client, and the person behind it who acts in the widget."""

    client: Client
    sandbox: Sandbox
    user: str = ""  # MX's guid
    # The bank's guid of an account → the aggregation account that stands for it, for ever.
    account_ids: dict[str, str] = field(default_factory=dict)

    def create_user(self, api: Api) -> None:
        body = {"nucleus_client_id": self.client.pk, "product": "atom", "vendor_name": "mx"}
        for _ in range(MAX_FAULTS):
            response = api.post("/integration/v1/user", body)
            if response.status_code == 200:
                break
        assert response.status_code == 200, response.data
        self.user = response.data["vendor_response"]["guid"]

    def members(self) -> list[JSON]:
        return _patiently(lambda: self.sandbox.listed(f"/users/{self.user}/members", "members"))

    def connect(self, institution: str) -> str:
        """Log in, as the widget does; the guid of the new member."""
        return _patiently(lambda: self.sandbox.connect(self.user, institution=institution))

    def bank(self, at: str | None = None) -> JSON:
        """What the bank says."""
        query = f"?at={at}" if at else ""
        report: JSON = self.sandbox.call("GET", f"/_control/bank/users/{self.user}{query}")
        return report

    def link(self, api: Api, member: str | None = None) -> Any:
        """What the app does when the widget reports success."""
        body: JSON = {"nucleus_client_id": self.client.pk, "product": "atom"}
        if member:
            body["vendor_request"] = {"member_id": member}
        return api.post("/integration/v1/aggregation/account", body)

    def verify(self, api: Api, member: str) -> Any:
        body = {
            "nucleus_client_id": self.client.pk,
            "product": "atom",
            "vendor_request": {"member_id": member},
        }
        return api.post("/integration/v1/iav", body)
