"""The sandbox's answers of MX Platform are those that MX's OpenAPI documents describe.

MX_OPENAPI names a directory with the documents; see tests/integrations/vendors/mx/conftest.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests import mx_api
from tests.integrations.vendors.mx.conftest import DESCRIBED, document_of
from tests.integrations.vendors.mx.openapi_document import Document
from tests.sandbox_process import Sandbox
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.sandbox

ACCEPTED = {"v20111101": "application/vnd.mx.api.v1+json", "v20250224": "application/json"}
JOBS = (
    "aggregate", "check_balance", "verify", "identify", "extend_history", "fetch_statements",
)  # fmt: skip
# What the document of 2025 calls never null, or an enumeration, though it has no word for nothing.
NULL = re.compile(r"(email|property_type|federal_insurance_status) None ")


class Caller:
    """A client of MX Platform that collects what of the answers the document does not have."""

    def __init__(self, url: str, version: str, document: Document) -> None:
        self.url, self.document = url, document
        self.problems: set[str] = set()
        self.session = requests.Session()
        self.session.auth = mx_api.KEYS["platform"]
        self.session.headers.update({"Accept": ACCEPTED[version], "Accept-Version": version})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        response = self.session.request(method, self.url + path, json=body, timeout=PATIENCE)
        answer = response.json() if response.content else None
        assert response.ok, (method, path, response.status_code, answer)
        plain = path.partition("?")[0]
        # Guids make the same problem of several objects look like several problems.
        name = re.sub(r"[A-Z]{3}-[0-9a-f-]+", "…", f"{method} {plain}")
        self.problems |= {
            f"{name}: {re.sub(r'[.]?[0-9]+[.]', '', problem)}"
            for problem in self.document.answer_problems(
                method, plain, response.status_code, answer
            )
            if not NULL.search(problem)
        }
        return answer


@pytest.fixture(params=DESCRIBED)
def caller(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Caller]:
    """It has met nothing unknown when the test ends."""
    caller = Caller(sandbox.base_url, request.param, document_of(request.param))
    yield caller
    assert caller.problems == set()


@pytest.fixture
def user(caller: Caller) -> Iterator[str]:
    guid = caller.call("POST", "/users", {"user": {"metadata": "of a test"}})["user"]["guid"]
    yield f"/users/{guid}"
    caller.call("DELETE", f"/users/{guid}")


def connected(caller: Caller, user: str, password: str = "password") -> str:
    """The path of a member, once its import is over or asks a question."""
    path = "/institutions/mxbank/credentials"
    credentials = [
        {"guid": row["guid"], "value": password if row["type"] == "PASSWORD" else "mxuser"}
        for row in caller.call("GET", path)["credentials"]
    ]
    body = {"member": {"institution_code": "mxbank", "credentials": credentials}}
    guid = caller.call("POST", f"{user}/members", body)["member"]["guid"]
    settled(caller, f"{user}/members/{guid}")
    return f"{user}/members/{guid}"


def settled(caller: Caller, member: str) -> Any:
    return until(
        lambda: caller.call("GET", f"{member}/status")["member"],
        lambda row: not row["is_being_aggregated"] or row["connection_status"] == "CHALLENGED",
    )


def test_users(caller: Caller, user: str):
    caller.call("GET", "/users?page=1&records_per_page=10")
    caller.call("GET", user)
    caller.call("PUT", user, {"user": {"is_disabled": False}})


def test_institutions(caller: Caller):
    for path in ("", "/mxbank", "/mx_bank_oauth", "/mxbank/credentials"):
        caller.call("GET", f"/institutions{path}")


def test_members(caller: Caller, user: str):
    member = connected(caller, user, "UNAUTHORIZED")
    caller.call("GET", f"{user}/members")
    caller.call("GET", member)
    caller.call("GET", f"{member}/credentials")
    caller.call("PUT", member, {"member": {"metadata": "changed"}})
    caller.call("DELETE", member)


@pytest.mark.parametrize("password", ["challenge", "options", "image", "image_options", "token"])
def test_questions(caller: Caller, user: str, password: str):
    member = connected(caller, user, password)
    (question,) = caller.call("GET", f"{member}/challenges")["challenges"]
    answers = [{"guid": question["guid"], "value": "wrong"}]
    caller.call("PUT", f"{member}/resume", {"member": {"challenges": answers}})
    assert settled(caller, member)["connection_status"] == "REJECTED"


def test_oauth(caller: Caller, user: str):
    request = {"institution_code": "mx_bank_oauth", "is_oauth": True, "credentials": []}
    member = caller.call("POST", f"{user}/members", {"member": request})["member"]["guid"]
    caller.call("GET", f"{user}/members/{member}/oauth_window_uri")


def test_data(caller: Caller, user: str):
    member = connected(caller, user)
    for job in JOBS:
        caller.call("POST", f"{member}/{job}", {})
        settled(caller, member)
    for rows in ("account_numbers", "account_owners", "transactions", "investment_holdings"):
        assert caller.call("GET", f"{member}/{rows}?records_per_page=1000")[rows]
    for row in caller.call("GET", f"{member}/accounts")["accounts"]:
        account = f"{user}/accounts/{row['guid']}"
        caller.call("GET", account)
        caller.call(
            "GET", f"{account}/transactions?includes=merchants,geolocations,classifications"
        )
        caller.call("GET", f"{account}/investment_holdings")
    caller.call("GET", f"{user}/investment_holdings_deactivate")
    for row in caller.call("GET", f"{member}/statements")["statements"][:1]:
        caller.call("GET", f"{member}/statements/{row['guid']}")


def test_merchants(caller: Caller, user: str):
    member = connected(caller, user)
    query = "records_per_page=1000&includes=merchants,geolocations"
    rows = caller.call("GET", f"{member}/transactions?{query}")["transactions"]
    merchant = next(row["merchant_guid"] for row in rows if row["merchant_guid"])
    caller.call("GET", f"/merchants/{merchant}")
    place = next(row["merchant_location_guid"] for row in rows if row["merchant_location_guid"])
    caller.call("GET", f"/merchant_locations/{place}")
    caller.call("GET", "/merchants?records_per_page=10")


def test_the_widget(caller: Caller, user: str):
    body = {"widget_url": {"widget_type": "connect_widget", "color_scheme": "dark"}}
    caller.call("POST", f"{user}/widget_urls", body)
