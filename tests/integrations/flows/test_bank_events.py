"""What happens to transactions at the bank reaches Nucleus, over HTTP and once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import AccountLink, AggregationSettings, Job, JobState, Member
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccountHolding, AggregationAccountTransaction, Client
from tests.api import Api
from tests.gateway.integration_api.conftest import link
from tests.gateway.webhooks.conftest import at_mx, facts, news, post
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db
NUCLEUS = "/nucleus/v1/aggregation_account_transaction"


class Bank:
    """The bank of a connection, and the gateway's view of it."""

    def __init__(self, api: Api, mx: Sandbox, connection: Member) -> None:
        self.api, self.mx, self.connection = api, mx, connection
        links = AccountLink.unscoped.filter(member=connection)
        self.link = next(
            link for link in links if link.aggregation_account.account_name == "Everyday Checking"
        )

    def event(self, kind: str, **values: Any) -> Any:
        body = {"kind": kind, "now": True, **values}
        return self.mx.call("POST", "/_control/bank/events", json=body)["event"]["result"]

    def add(self, amount: str, days_ago: int, **values: Any) -> None:
        day = (timezone.now().date() - timedelta(days=days_ago)).isoformat()
        self.event(
            "add_transaction",
            account=self.link.vendor_account_id, amount=amount, date=day, **values,
        )  # fmt: skip

    def sync(self, scope: SyncScope = SyncScope.EVERYTHING) -> None:
        sync.enqueue(member=self.connection, scope=scope)
        while Job.objects.filter(state=JobState.READY).exists():  # some wait for MX
            Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
            runner.drain()
        assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}

    def row(self, amount: str) -> dict[str, Any]:
        """The only active row of that amount, as the API shows it."""
        account = self.link.aggregation_account_id
        rows = self.api.get(
            NUCLEUS,
            filter=f"aggregation_account_id=={account} && amount=={amount} && is_active==true",
        ).data["content"]
        assert len(rows) == 1, rows
        return dict(rows[0])

    def guid(self, amount: str) -> str:
        rows = AggregationAccountTransaction.unscoped.filter(is_active=True)
        return str(rows.get(amount=Decimal(amount)).source_id)


@pytest.fixture
def bank(api: Api, own_mx: Sandbox, connection: Member) -> Bank:
    return Bank(api, own_mx, connection)


def status_of(bank: Bank, row: dict[str, Any]) -> tuple[str, bool]:
    stored = bank.api.get(f"{NUCLEUS}/{row['id']}").data
    return stored["status"], stored["is_active"]


def test_posted_rows_are_withdrawn_restated_and_return(bank: Bank):
    for amount in ("1000.01", "1000.02"):
        bank.add(amount, 20)
    bank.sync()
    withdrawn, restated = bank.row("1000.01"), bank.row("1000.02")
    key = bank.event("withdraw_transaction", transaction=bank.guid("1000.01"))["transaction"]
    bank.event("restate_transaction", transaction=bank.guid("1000.02"), amount="1000.03")
    bank.sync()
    assert status_of(bank, withdrawn) == status_of(bank, restated) == ("canceled", False)
    assert bank.row("1000.03")["id"] != restated["id"]
    bank.event("restore_transaction", transaction=key)
    bank.sync()
    assert bank.row("1000.01")["id"] == withdrawn["id"]
    assert status_of(bank, withdrawn) == ("posted", True)


def test_rows_older_than_the_window_are_found_by_a_deep_read(bank: Bank):
    bank.add("1000.01", 200)
    bank.sync()
    account = {"aggregation_account": bank.link.aggregation_account_id}
    rows = AggregationAccountTransaction.unscoped.filter(amount="1000.01", **account)
    assert not rows.exists()
    bank.sync(SyncScope.HISTORY)
    row = bank.row("1000.01")
    bank.event("withdraw_transaction", transaction=bank.guid("1000.01"))
    bank.sync()
    assert status_of(bank, row) == ("posted", True)
    bank.sync(SyncScope.HISTORY)
    assert status_of(bank, row) == ("canceled", False)


@pytest.mark.parametrize(
    "fields",
    [
        {"date": "2099-01-01", "transacted_at": "2099-01-01T00:00:00Z"},
        {"date": "1970-01-01", "updated_at": "1970-01-01T00:00:00Z"},
        {"date": "9999-12-31", "updated_at": "9999-12-31T23:59:59Z"},
        {"transacted_at": None, "updated_at": "2099-01-01T00:00:00Z"},
    ],
)
def test_odd_stamps_freeze_and_remove_nothing(bank: Bank, fields: dict[str, Any]):
    bank.add("1000.01", 20)
    bank.sync()
    row = bank.row("1000.01")
    guid = bank.guid("1000.01")
    bank.event("restate_transaction", transaction=guid, keep_guid=True, fields=fields)
    for _ in range(2):
        bank.sync()
        assert bank.row("1000.01")["id"] == row["id"]
    bank.event(
        "restate_transaction", transaction=guid, keep_guid=True, amount="1000.02",
        fields={"updated_at": "2001-01-01T00:00:00Z"},
    )  # fmt: skip
    bank.sync()
    assert bank.row("1000.02")["id"] == row["id"]


def posted_rows(connection: Member) -> set[tuple[Any, ...]]:
    rows = AggregationAccountTransaction.unscoped.filter(tenant=connection.tenant, status="posted")
    return set(rows.values_list("id", "aggregation_account_id", "booking_date", "amount"))


def test_a_connection_that_is_made_again_doubles_no_row(
    api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
):
    before = posted_rows(connection)
    positions = AggregationAccountHolding.unscoped.filter(is_active=True)
    holdings = dict(positions.values_list("pk", "shares"))
    assert holdings
    user = str(connection.vendor_user.vendor_user_id)
    for generation in (2, 3):
        member = Member.unscoped.latest("create_date").vendor_member_id
        body = {"kind": "delete_member", "member": member}
        own_mx.call("POST", "/_control/bank/events", json=body)
        link(api, nucleus_client, own_mx.connect(user))
        runner.drain()
        current = AccountLink.unscoped.filter(ended_at=None)
        assert set(current.values_list("generation", "withheld_removals")) == {(generation, 0)}
        assert posted_rows(connection) >= before
        assert facts(connection) == at_mx(own_mx, connection)
        assert dict(positions.values_list("pk", "shares")) == holdings


@pytest.mark.parametrize("stamp", ["2099-01-01T00:00:00Z", "1990-01-01T00:00:00Z", None])
def test_an_odd_time_of_the_import_hides_nothing(
    bank: Bank, aggregation_settings: AggregationSettings, stamp: str | None
):
    connection = bank.connection
    bank.event(
        "change_member",
        member=connection.vendor_member_id,
        fields={"successfully_aggregated_at": stamp, "aggregated_at": stamp},
    )
    user = str(connection.vendor_user.vendor_user_id)
    for amount in ("1000.01", "1000.02"):
        bank.add(amount, 3)
        post(aggregation_settings, news(connection.vendor_member_id, user))
        Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
        assert runner.drain() == 1
        assert bank.row(amount)["status"] == "posted"


def test_odd_time_stamps_freeze_no_balance(bank: Bank):
    path = f"/integration/v1/aggregation/balance/{bank.link.aggregation_account_id}"
    stamps = ["2099-01-01T00:00:00Z", "1990-01-01T00:00:00Z", "2098-01-01T00:00:00Z", None]
    for number, stamp in enumerate(stamps):
        bank.event(
            "change_account",
            account=bank.link.vendor_account_id,
            fields={"balance": 500 + number, "updated_at": stamp},
        )
        pulled = bank.api.get(path).data["nucleus_balance_posted"]
        assert pulled["balance"] == 500 + number
        assert pulled["id"] == bank.api.get(path).data["nucleus_balance_posted"]["id"]
        newest = bank.api.get(
            "/nucleus/v1/aggregation_account_balance",
            filter=f"aggregation_account_id=={bank.link.aggregation_account_id}",
            order_by="balance_time_stamp",
        ).data["content"][0]
        assert newest["id"] == pulled["id"]
