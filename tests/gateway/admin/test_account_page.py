"""The page of an aggregation account: balances, totals, newest rows and links."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as HttpClient
from django.test.utils import CaptureQueriesContext

from integrations.flows import account_merges
from integrations.models import AccountLink, Member, VendorUser
from nucleus.admin.balance_picture import picture_of
from nucleus.amounts import MINUS
from nucleus.models import Tenant
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BalanceFactory,
    BankLinkFactory,
    ClientFactory,
    HoldingFactory,
    TransactionFactory,
)
from tests.gateway.admin.conftest import Staff

ACCOUNTS = "/admin/nucleus/aggregationaccount/"
NUMBER = "100012345678"


@pytest.fixture
def account(tenant: Tenant) -> Any:
    client: Any = ClientFactory(tenant=tenant, username="ada")
    link: Any = BankLinkFactory(client=client)
    account: Any = AggregationAccountFactory(
        client=client, bank_link=link, account_number=NUMBER, mask="5678"
    )
    user = VendorUser.unscoped.create(tenant=tenant, client=client, vendor="mx", identifier="i")
    member = Member.unscoped.create(tenant=tenant, vendor_user=user, vendor_member_id="MBR-1")
    AccountLink.unscoped.create(
        tenant=tenant, vendor="mx", vendor_member_id="MBR-1", vendor_account_id="ACT-1",
        member=member, aggregation_account=account,
    )  # fmt: skip
    return account


def page(http: HttpClient, account: Any, **query: str) -> str:
    response = http.get(f"{ACCOUNTS}{account.pk}/change/", query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_page_leads_up_down_and_across(superuser: HttpClient, account: Any):
    merged: Any = AggregationAccountFactory(client=account.client, account_name="Old Checking")
    account_merges.merge(kept=account, merged=merged, requested_by="staff")
    page(superuser, account)  # a session's first page also stores that it is used
    with CaptureQueriesContext(connection) as queries:
        shown = page(superuser, account)
    assert len(queries) <= 20
    member = Member.unscoped.get()
    for path in (
        f"nucleus/client/{account.client_id}/change/", f"integrations/member/{member.pk}/change/",
        f"nucleus/banklink/{account.bank_link_id}/change/",
        f"nucleus/aggregationaccount/{merged.pk}/change/",
        *(f"nucleus/aggregationaccount{name}/?account={account.pk}"
          for name in ("balance", "transaction", "holding")),
    ):  # fmt: skip
        assert f'href="/admin/{path}"' in shown, path
    assert f'href="{ACCOUNTS}{account.pk}/change/"' in page(superuser, merged)
    assert NUMBER not in shown


def test_the_page_shows_what_is_stored(superuser: HttpClient, account: Any):
    for day, amount in ((1, "-50"), (2, "9007199254740993.01"), (3, "100.5")):
        BalanceFactory(
            aggregation_account=account, balance=Decimal(amount),
            balance_time_stamp=datetime(2026, 1, day, tzinfo=UTC),
        )  # fmt: skip
    TransactionFactory(aggregation_account=account, booking_date=date(2026, 1, 31))
    TransactionFactory(
        aggregation_account=account, booking_date=date(2026, 1, 1), transaction_type="Credit",
        amount=Decimal("0.10000001"),
    )  # fmt: skip
    TransactionFactory(aggregation_account=account, booking_date=date(2026, 2, 1))
    HoldingFactory(aggregation_account=account, amount=Decimal(12))
    shown = page(superuser, account, first="2026-01-01", last="2026-01-31")
    assert "Balance: 100.50 USD on 2026-01-03 00:00:00 UTC" in shown
    assert f"between {MINUS}50.00 USD and 9,007,199,254,740,993.01 USD" in shown
    assert f"0.10000001 USD in, 61.11 USD out, difference {MINUS}61.00999999 USD" in shown
    assert "DEF: 6 shares, 12.00 USD" in shown
    assert "difference" not in page(superuser, account)  # nothing in the last days
    assert "Enter a valid date" in page(superuser, account, first="never")


def test_data_needs_its_permission(staff: Staff, account: Any):
    BalanceFactory(aggregation_account=account)
    TransactionFactory(aggregation_account=account)
    shown = page(staff("nucleus.view_aggregationaccount"), account)
    for hidden in (
        "1,000.23",
        "Groceries",
        "/admin/integrations/member/",
    ):
        assert hidden not in shown


def test_the_picture_goes_from_old_to_new(account: Any):
    rows: list[Any] = [
        BalanceFactory.build(
            aggregation_account=account, balance=Decimal(amount), currency_code=code,
            balance_time_stamp=datetime(2026, 1, day, tzinfo=UTC),
        )
        for day, amount, code in (
            (3, "10", "USD"), (2, "-10", "USD"), (2, "99", "EUR"), (1, "0", "USD")
        )
    ]  # fmt: skip
    picture = picture_of(rows)
    assert picture is not None
    assert (picture.points, picture.zero) == ("6,60 300,114 594,6", 60)
    assert picture_of(rows[:1]) is None
    assert picture_of([]) is None
