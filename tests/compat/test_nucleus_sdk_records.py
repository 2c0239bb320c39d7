"""Hydrogen's Nucleus SDK, unmodified: writing records, one and many, field by field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import nucleus_api
import pytest

from nucleus.models import AggregationAccount, BankLink, Client
from tests.factories.nucleus import AggregationAccountFactory
from tests.nucleus import bodies

pytestmark = pytest.mark.django_db(transaction=True)
NEVER_ANSWERED = ("account_number",)


@pytest.fixture
def account(nucleus_client: Client) -> AggregationAccount:
    return AggregationAccountFactory(client=nucleus_client)


def model(kind: type, body: dict[str, Any]) -> Any:
    """The SDK's model of a body."""
    parts = {
        "bank_credit": lambda item: nucleus_api.BankCredit(
            **item | {"location": nucleus_api.Location(**item["location"])}
        ),
        "cash": lambda item: nucleus_api.Cash(**item),
        "investment": lambda item: nucleus_api.Investment(**item),
    }
    return kind(
        **{
            name: parts[name](value) if name in parts and value else value
            for name, value in body.items()
        }
    )


def same(got: Any, sent: Any) -> None:
    """What was answered is what was sent, field by field; what was not sent is ours to fill."""
    for name, value in sent.to_dict().items():
        response = getattr(got, name)
        if isinstance(value, dict) and name != "metadata":
            same(response, getattr(sent, name))
        elif value is not None and name not in NEVER_ANSWERED:
            assert response == value, name


def with_change(sent: Any, change: dict[str, Any]) -> Any:
    for name, value in change.items():
        setattr(sent, name, value)
    return sent


def lives(api: Any, text: str, sent: Any, change: dict[str, Any]) -> None:
    """Create, read, list, change, delete."""
    create = getattr(api, f"create_{text}_using_post")
    read: Callable[[str], Any] = getattr(api, f"get_{text}_using_get")
    created = create(sent)
    same(created, sent)
    assert read(created.id).to_dict() == created.to_dict()
    page = getattr(api, f"get_{text}_all_using_get")(filter=f"id=={created.id}", page=0, size=1)
    assert [item.to_dict() for item in page.content] == [created.to_dict()]
    assert (page.total_elements, page.number, page.first, page.last) == (1, 0, True, True)
    changed = getattr(api, f"update_{text}_using_put")(change, created.id)
    same(changed, with_change(sent, change))
    updated = getattr(api, f"update_{text}_using_put")(changed, created.id)  # the whole object
    assert updated.to_dict() == changed.to_dict()
    assert getattr(api, f"delete_{text}_using_delete")(created.id) is None
    with pytest.raises(nucleus_api.rest.ApiException) as missing:
        read(created.id)
    assert missing.value.status == 404


def test_accounts(nucleus_sdk: nucleus_api.ApiClient, nucleus_client: Client):
    body = bodies.account(nucleus_client)
    body |= {"is_asset": False, "is_business": True, "is_investment": True, "apy": 0.5}
    sent = model(nucleus_api.AggregationAccount, body)
    api = nucleus_api.AggregationAccountApi(nucleus_sdk)
    lives(api, "aggregation_account", sent, {"account_name": "Savings"})


@pytest.mark.parametrize(
    ("text", "kind", "body", "change"),
    [
        ("balance", "AggregationAccountBalance", bodies.balance, {"available_credit": 7.25}),
        ("transaction", "AggregationAccountTransaction", bodies.transaction, {"status": "pending"}),
        ("transaction", "AggregationAccountTransaction", bodies.cash, {"is_fee": False}),
        ("transaction", "AggregationAccountTransaction", bodies.investment, {"is_transfer": True}),
        ("holding", "AggregationAccountHolding", bodies.holding, {"cost_basis": 99.5}),
    ],
    ids=["balance", "bank_credit", "cash", "investment", "holding"],
)
def test_entries(
    nucleus_sdk: nucleus_api.ApiClient,
    account: AggregationAccount,
    text: str,
    kind: str,
    body: Callable[[AggregationAccount], dict[str, Any]],
    change: dict[str, Any],
):
    sent = model(getattr(nucleus_api, kind), body(account))
    lives(
        nucleus_api.AggregationAccountApi(nucleus_sdk), f"aggregation_account_{text}", sent, change
    )


def test_bank_links(nucleus_sdk: nucleus_api.ApiClient, nucleus_client: Client):
    body = bodies.bank_link(nucleus_client, routing_wire="688999901", is_default=True)
    body["link_verified_date"] = date(2026, 11, 20)
    sent = model(nucleus_api.BankLink, body)
    api = nucleus_api.FundingApi(nucleus_sdk)
    lives(api, "bank_link", sent, {"bank_account_name": "Household"})
    created = [api.create_bank_link_using_post(sent) for _ in range(2)]
    changes = [{"id": item.id, "is_active": False} for item in created]
    changed = api.update_bank_link_bulk_using_put(changes)
    assert [(item.id, item.is_active) for item in changed] == [(item.id, False) for item in created]
    assert BankLink.unscoped.filter(is_active=False).count() == 2


def test_institutions(nucleus_sdk: nucleus_api.ApiClient):
    sent = nucleus_api.Institution(
        name="Savings Bank",
        code="savings",
        website_url="https://bank.demo.example",
        logo_url_small="https://bank.demo.example/s.png",
        logo_url_medium="https://bank.demo.example/m.png",
    )
    lives(
        nucleus_api.ResourceApi(nucleus_sdk), "institution", sent, {"name": "Savings Bank of Demo"}
    )


def test_arrays(
    nucleus_sdk: nucleus_api.ApiClient,
    account: AggregationAccount,
):
    api = nucleus_api.AggregationAccountApi(nucleus_sdk)
    ways: list[tuple[str, str, dict[str, Any], dict[str, Any] | None]] = [
        ("", "AggregationAccount", bodies.account(account.client), {"apr": 2.5}),
        ("_holding", "AggregationAccountHolding", bodies.holding(account), {"shares": 82.5}),
        ("_balance", "AggregationAccountBalance", bodies.balance(account), None),
        ("_transaction", "AggregationAccountTransaction", bodies.transaction(account), None),
    ]
    for text, kind, body, change in ways:
        sent = [model(getattr(nucleus_api, kind), body | {"secondary_id": item}) for item in "ab"]
        created = getattr(api, f"create_aggregation_account{text}_bulk_using_post")(sent)
        for got, item in zip(created, sent, strict=True):
            same(got, item)
        if change is not None:
            update = getattr(api, f"update_aggregation_account{text}_bulk_using_put")
            changed = update([{"id": item.id, **change} for item in created])
            for got, item in zip(changed, sent, strict=True):
                same(got, with_change(item, change))


def test_bulk(nucleus_sdk: nucleus_api.ApiClient, account: AggregationAccount):
    api = nucleus_api.BulkApi(nucleus_sdk)
    kind = "aggregation_account_holding"
    items = [bodies.holding(account), bodies.holding(account, shares="many")]
    created = api.create_bulk_using_post(items, kind)
    assert isinstance(created, nucleus_api.BulkTransaction)
    assert (created.status, created.data["succeeded"]) == ("PARTIAL", 1)
    reported = api.get_bulk_status_using_get(created.id)
    assert isinstance(reported, nucleus_api.BulkTransactionVO)
    assert (reported.id, reported.progress["failed"]) == (created.id, 1)
    assert reported.error[0]["index"] == 1
    (success,) = reported.success
    changed = api.update_bulk_using_put([{"id": success["id"], "shares": 7}], kind)
    assert changed.status == "COMPLETED"
    holdings = nucleus_api.AggregationAccountApi(nucleus_sdk)
    assert holdings.get_aggregation_account_holding_using_get(success["id"]).shares == 7
    assert api.delete_bulk_using_delete([success["id"]], kind).status == "COMPLETED"
    assert holdings.get_aggregation_account_holding_all_using_get().content == []
