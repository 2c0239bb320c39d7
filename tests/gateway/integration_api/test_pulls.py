"""GET /integration/v1/aggregation/{balance|transaction|holding}: pulled, stored, answered."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import AccountLink, AggregationSettings
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)
from tests import mx_api
from tests.api import Api
from tests.sandbox_process import Sandbox

BASE = "/integration/v1/aggregation"


@pytest.fixture
def accounts(mx: Sandbox, linked: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What MX serves for each linked account, by aggregation account id."""
    links = AccountLink.unscoped.select_related("member__vendor_user")
    return {
        str(link.aggregation_account_id): mx.call(
            "GET",
            f"/users/{link.member.vendor_user.vendor_user_id}/accounts/{link.vendor_account_id}",
        )["account"]
        for link in links
    }


def test_balances_equal_mx_to_the_cent(api: Api, accounts: dict[str, dict[str, Any]]):
    for account_id, served in accounts.items():
        posted = api.get(f"{BASE}/balance/{account_id}").data["nucleus_balance_posted"]
        assert posted["balance"] == _number(served["balance"])
        assert posted["available_balance"] == _number(served["available_balance"])
        assert posted["available_credit"] == _number(served["available_credit"])
        assert posted["aggregation_account_id"] == account_id


def test_transactions_equal_mx_on_every_page(
    api: Api, mx: Sandbox, accounts: dict[str, dict[str, Any]]
):
    pages = 0
    for account_id, served in accounts.items():
        response = api.get(f"{BASE}/transaction/{account_id}").data
        since = datetime.now(UTC).date() - timedelta(days=mx_api.chosen().days_back)
        path = f"/users/{served['user_guid']}/accounts/{served['guid']}/transactions"
        path += f"?from_date={since}"
        expected = mx.listed(path, "transactions")
        pages = max(pages, -(-len(expected) // 100))
        posted = [row["body"] for row in response["nucleus_transactions_posted"]]
        assert sorted(_comparable(row) for row in posted) == sorted(
            (
                abs(Decimal(row["amount"])),
                row["type"],
                row["status"],
                row["description"] or "",
                row["top_level_category"] or "",
                row["category"] or "",
            )
            for row in expected
        )
        assert response["nucleus_transactions_canceled"] == []
    assert pages > 1, "the sandbox should serve several pages"


def test_holdings_equal_mx(api: Api, mx: Sandbox, accounts: dict[str, dict[str, Any]]):
    count = 0
    for account_id, served in accounts.items():
        response = api.get(f"{BASE}/holding/{account_id}").data
        path = f"/users/{served['user_guid']}/accounts/{served['guid']}/holdings"
        expected = mx.listed(path, "holdings")
        posted = [row["body"] for row in response["nucleus_holdings_posted"]]
        assert sorted((row["shares"], row["amount"], row["ticker"]) for row in posted) == sorted(
            (_number(row["shares"]), _number(row["market_value"]), row["symbol"])
            for row in expected
        )
        count += len(posted)
    assert count > 0


@pytest.mark.parametrize("kind", ["balance", "transaction", "holding", "account"])
def test_repeating_a_pull_writes_nothing(api: Api, accounts: dict[str, dict[str, Any]], kind: str):
    def stored() -> list[Any]:
        models = (
            AggregationAccountBalance,
            AggregationAccountTransaction,
            AggregationAccountHolding,
        )
        return [list(model.unscoped.order_by("id").values()) for model in models]

    for account_id in accounts:
        api.get(f"{BASE}/{kind}/{account_id}")
    before = stored()
    responses = [api.get(f"{BASE}/{kind}/{account_id}").data for account_id in accounts]
    assert stored() == before
    repeated = [api.get(f"{BASE}/{kind}/{account_id}").data for account_id in accounts]
    assert without_retrieval_times(repeated) == without_retrieval_times(responses)


def without_retrieval_times(responses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pulls move the time of the last retrieval, and nothing else of the connection."""
    return [
        response | {"connection": response["connection"] | {"last_retrieval_at": None}}
        for response in responses
    ]


def test_lists_are_bare_arrays_in_the_order_asked_for(
    api: Api, accounts: dict[str, dict[str, Any]]
):
    ids = list(accounts)
    for kind in ("balance", "transaction", "holding"):
        repeated = api.get(f"{BASE}/{kind}", aggregation_account_id_list=ids).data
        assert [response["nucleus_aggregation_account_id"] for response in repeated] == ids
        commas = api.get(f"{BASE}/{kind}", aggregation_account_id_list=",".join(ids)).data
        assert without_retrieval_times(commas) == without_retrieval_times(repeated)


def test_one_failing_account_stops_no_neighbour(
    api: Api, mx: Sandbox, accounts: dict[str, dict[str, Any]]
):
    ids = list(accounts)
    broken = accounts[ids[0]]
    path = f"/users/{broken['user_guid']}/accounts/{broken['guid']}/transactions"
    mx.fault(method="GET", path=path, kind="status", status=500, count=10)
    responses = api.get(f"{BASE}/transaction", aggregation_account_id_list=ids).data
    assert responses[0]["nucleus_transactions_posted"] == []
    assert responses[0]["message"]
    assert responses[1]["message"] is None
    assert any(response["nucleus_transactions_posted"] for response in responses[1:])


def test_an_unknown_id_refuses_the_whole_list(api: Api, accounts: dict[str, dict[str, Any]]):
    ids = [next(iter(accounts)), str(uuid.uuid4())]
    response = api.get(f"{BASE}/balance", aggregation_account_id_list=ids)
    assert response.status_code == 404
    assert ids[1] in response.data["message"]


@pytest.mark.parametrize(
    "ids", [[], ["x"], [""], ["None"], [str(uuid.uuid4()) for _ in range(101)]]
)
def test_bad_lists_are_explained(api: Api, ids: list[str]):
    response = api.get(f"{BASE}/balance", aggregation_account_id_list=ids)
    assert response.status_code == 400
    assert "aggregation_account_id_list" in response.data["errors"]


@pytest.mark.parametrize("service", ["account", "balance", "transaction", "holding"])
def test_an_account_that_was_never_connected(api: Api, kept: AggregationAccount, service: str):
    response = api.get(f"{BASE}/{service}/{kept.pk}")
    assert response.status_code == 400
    assert "never been connected" in response.data["message"]
    assert "aggregation/account" not in response.data["message"]


def test_the_first_retrieval_reaches_back_as_far_as_the_setting_says(
    api: Api, accounts: dict[str, dict[str, Any]]
):
    AggregationSettings.unscoped.update(history_days=10)
    account_id = next(key for key, served in accounts.items() if served["type"] == "CHECKING")
    first = api.get(f"{BASE}/transaction/{account_id}").data["nucleus_transactions_posted"]
    second = api.get(f"{BASE}/transaction/{account_id}").data["nucleus_transactions_posted"]
    assert 0 < len(first) < len(second)


def test_a_pending_transaction_that_vanished_is_canceled(
    api: Api, accounts: dict[str, dict[str, Any]]
):
    account_id = next(key for key, served in accounts.items() if served["type"] == "CHECKING")
    api.get(f"{BASE}/transaction/{account_id}")
    row = AggregationAccountTransaction.unscoped.filter(status="pending").first()
    assert row is not None
    AggregationAccountTransaction.unscoped.filter(pk=row.pk).update(source_id="TRN-vanished")
    response = api.get(f"{BASE}/transaction/{account_id}").data
    (canceled,) = response["nucleus_transactions_canceled"]
    assert canceled["body"]["id"] == str(row.pk)
    assert canceled["body"]["status"] == "canceled"


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _comparable(row: dict[str, Any]) -> tuple[Any, ...]:
    credit = row["bank_credit"]
    return (
        Decimal(credit["amount"]),
        credit["transaction_type"].upper(),
        row["status"].upper(),
        credit["description"] or "",
        credit["category"] or "",
        credit["subcategory"] or "",
    )
