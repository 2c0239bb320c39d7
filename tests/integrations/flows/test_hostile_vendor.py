"""Connecting, pulling and verifying with a vendor that answers as unhelpfully as it may."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import AggregationSettings, VendorCredential
from nucleus.models import AggregationAccountTransaction, BankLink, Client, Tenant
from tests import hostile_mx
from tests.api import Api
from tests.gateway.integration_api.conftest import link, run_jobs

AGGREGATION = "/integration/v1/aggregation"


@pytest.fixture
def accounts(api: Api, tenant: Tenant, nucleus_client: Client) -> Iterator[list[dict[str, Any]]]:
    """The rows that linking answered."""
    with hostile_mx.serving() as url:
        VendorCredential(
            tenant=tenant,
            api="atrium",
            environment="custom",
            base_url=url,
            client_id="id",
            secret="key",
        ).save()
        AggregationSettings(tenant=tenant).save()
        body = {"nucleus_client_id": nucleus_client.id, "product": "atom"}
        assert api.post("/integration/v1/user", body).status_code == 200
        yield link(api, nucleus_client, hostile_mx.MEMBER)["nucleus_aggregation_accounts"]


def test_every_account_or_its_reason(accounts: list[dict[str, Any]]):
    stored = [row["body"] for row in accounts if row["body"]]
    assert [row["account_name"] for row in stored] == [
        "Account", "Kontokörper \U0001f3e6", "Lunar", "x" * 255,
    ]  # fmt: skip
    assert [row["category"] for row in stored] == [
        "Other", "Bank Account", "Orbital Fund", "Bank Account",
    ]  # fmt: skip
    assert [row["currency_code"] for row in stored] == ["USD"] * 4
    assert [row["is_active"] for row in stored] == [True, True, True, False]
    failed = [row for row in accounts if not row["body"]]
    assert len(failed) == 2
    assert all(row["message"] and row["status_code"] == 422 for row in failed)


def test_every_page_once_and_to_the_cent(api: Api, accounts: list[dict[str, Any]]):
    checking = next(row["body"] for row in accounts if row["body"] and row["body"]["is_cash"])
    response = api.get(f"{AGGREGATION}/transaction/{checking['id']}")
    assert response.status_code == 200, response.data
    rows = response.data["nucleus_transactions_posted"]
    usable = [row for row in hostile_mx.ROWS if row["amount"] is not None and row["date"]]
    amounts = sorted(row["body"]["bank_credit"]["amount"] for row in rows if row["body"])
    assert [Decimal(amount) for amount in amounts] == sorted(
        Decimal(str(row["amount"])) for row in usable
    )
    assert sum(row["body"] is None for row in rows) == len(hostile_mx.ROWS) - len(usable)
    kinds = {row["body"]["bank_credit"]["transaction_type"] for row in rows if row["body"]}
    assert kinds == {"Unknown", "Reversal"}
    assert AggregationAccountTransaction.unscoped.count() == len(usable)


def test_the_jobs_finish(accounts: list[dict[str, Any]], api: Api):
    run_jobs()
    page = api.get("/nucleus/v1/aggregation_account_balance", order_by="balance").data
    assert [row["balance"] for row in page["content"]][-1] in (None, Decimal("-0.07"))
    assert Decimal("99999999999.99") in [row["balance"] for row in page["content"]]


def test_holdings_without_shares_are_rows_that_failed(api: Api, accounts: list[dict[str, Any]]):
    checking = next(row["body"] for row in accounts if row["body"] and row["body"]["is_cash"])
    response = api.get(f"{AGGREGATION}/holding/{checking['id']}").data
    assert [row["body"] for row in response["nucleus_holdings_posted"]] == [None]


def test_canadian_numbers_verify_and_the_rest_says_why(
    api: Api, nucleus_client: Client, accounts: list[dict[str, Any]]
):
    body = {
        "nucleus_client_id": nucleus_client.id,
        "vendor_request": {"member_id": hostile_mx.MEMBER},
    }
    rows = api.post("/integration/v1/iav", body).data["bank_link"]["response"]
    links = [row["nucleus_bank_link"] for row in rows if row["nucleus_bank_link"]]
    assert [(link["bank_account_number"], link["routing"]) for link in links] == [
        ("0001", "000412345")
    ]
    assert links[0]["bank_account_holder"] == ""  # the bank names nobody
    assert links[0]["mask"] == "01"  # never more than half of the number
    assert BankLink.unscoped.count() == 1
    assert sum(bool(row["message"]) for row in rows) == 2


def test_a_foreign_member_is_refused(api: Api, nucleus_client: Client, accounts: Any):
    body = {
        "nucleus_client_id": nucleus_client.id,
        "vendor_request": {"member_id": hostile_mx.FOREIGN},
    }
    for path in (f"{AGGREGATION}/account", "/integration/v1/iav"):
        assert api.post(path, body).status_code == 404


def test_without_a_member_the_usable_ones(api: Api, nucleus_client: Client, accounts: Any):
    response = link(api, nucleus_client, None)
    messages = [
        row["message"] for row in response["nucleus_aggregation_accounts"] if row["message"]
    ]
    assert len(messages) >= 2
    assert "MBR-2" in response["message"]  # listed, and gone when it is read
    assert sum(bool(row["body"]) for row in response["nucleus_aggregation_accounts"]) == 4
