"""The screens of balances, transactions and holdings: filters, search, totals, scope."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as HttpClient
from django.test.utils import CaptureQueriesContext

from nucleus.amounts import MINUS
from nucleus.models import Tenant
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BalanceFactory,
    ClientFactory,
    HoldingFactory,
    TenantFactory,
    TransactionFactory,
)
from tests.gateway.admin.conftest import Staff

BALANCES, TRANSACTIONS, HOLDINGS = (
    f"/admin/nucleus/aggregationaccount{name}/" for name in ("balance", "transaction", "holding")
)


def shown(http: HttpClient, path: str, **query: Any) -> list[Any]:
    response = http.get(path, query)
    assert response.status_code == 200, response.content[:500]
    return [row.pk for row in response.context["cl"].result_list]


def text(http: HttpClient, path: str, **query: Any) -> str:
    return " ".join(http.get(path, query).content.decode().split())


@pytest.fixture
def account(tenant: Tenant) -> Any:
    return AggregationAccountFactory(client=ClientFactory(tenant=tenant, username="ada"))


def test_transactions_are_filtered_by_each_condition(
    superuser: HttpClient, account: Any, subtests: Any
):
    groceries: Any = TransactionFactory(aggregation_account=account)
    other_account: Any = AggregationAccountFactory(client=ClientFactory(tenant=account.tenant))
    wages: Any = TransactionFactory(
        aggregation_account=other_account, transaction_type="Credit", currency_code="EUR",
        amount=Decimal("2000.5"), status="pending", description="Wages", is_active=False,
        transaction_date=datetime(2026, 3, 1, 2, tzinfo=UTC), booking_date=date(2026, 2, 28),
    )  # fmt: skip
    assert shown(superuser, TRANSACTIONS) == [wages.pk, groceries.pk]  # by the bank's date
    for query in (
        {"account": other_account.pk}, {"customer": other_account.client_id},
        {"direction": "Credit"}, {"status": "pending"}, {"currency": "eur"}, {"least": "2000.5"},
        {"active": "no"}, {"q": "wage"}, {"q": str(wages.pk)}, {"q": other_account.client.username},
        {"from_day": "2026-02-28", "to_day": "2026-02-28"},  # which is in March in UTC
    ):  # fmt: skip
        with subtests.test(str(query)):
            assert shown(superuser, TRANSACTIONS, **query) == [wages.pk]
    for query in ({"most": "2000.49"}, {"to_day": "2026-02-27"}, {"active": "yes"}):
        with subtests.test(str(query)):
            assert shown(superuser, TRANSACTIONS, **query) == [groceries.pk]
    for query in ({"least": "much"}, {"from_day": "2026-02-30"}, {"account": "x"}):
        with subtests.test(str(query)):
            assert shown(superuser, TRANSACTIONS, **query) == []
            assert "text-red-600" in text(superuser, TRANSACTIONS, **query)
    assert superuser.get(TRANSACTIONS, {"metadata__x": "1"}).status_code == 400


def test_totals_are_exact_and_by_currency_and_direction(superuser: HttpClient, account: Any):
    for amount in ("9007199254740993.00000001", "0.1", "0.2"):
        TransactionFactory(
            aggregation_account=account, transaction_type="Credit", amount=Decimal(amount)
        )
    TransactionFactory(aggregation_account=account, amount=Decimal("1234.5"), currency_code="JPY")
    TransactionFactory(aggregation_account=account, status="canceled")
    TransactionFactory(aggregation_account=account, is_active=False)
    page = text(superuser, TRANSACTIONS)
    assert "9,007,199,254,740,993.30000001 USD" in page
    assert f"{MINUS}1,234.5 JPY" in page  # of what went out
    assert "2 of the rows are in no total" in page
    HoldingFactory(aggregation_account=account, amount=Decimal("7.05"), price=Decimal("1.175"))
    HoldingFactory(aggregation_account=account, amount=Decimal("1.95"))
    assert "9.00 USD" in text(superuser, HOLDINGS)
    assert "1.175 USD" in text(superuser, HOLDINGS)
    BalanceFactory(aggregation_account=account, available_balance=Decimal("-5"))
    assert f"{MINUS}5.00 USD" in text(superuser, BALANCES)
    assert "Totals" not in text(superuser, BALANCES)  # of different times


def test_long_lists_are_bounded_and_say_so(superuser: HttpClient, account: Any, settings: Any):
    settings.LIST_WINDOW = 3
    rows: list[Any] = [
        TransactionFactory(
            aggregation_account=account, booking_date=date(2026, 1, day), currency_code=code
        )
        for day, code in enumerate(("EUR", "EUR", "USD", "USD", "USD"), start=1)
    ]
    page = text(superuser, TRANSACTIONS)
    assert "Totals of the newest 3 rows; there are more" in page
    assert shown(superuser, TRANSACTIONS, currency="EUR") == []
    assert "only the newest 3 were filtered" in text(superuser, TRANSACTIONS, currency="EUR")
    days = {"from_day": "2026-01-01", "to_day": "2026-01-02"}
    assert shown(superuser, TRANSACTIONS, currency="EUR", **days) == [rows[1].pk, rows[0].pk]
    assert shown(superuser, TRANSACTIONS, q=str(rows[0].pk)) == [rows[0].pk]


def test_staff_of_several_tenants_see_one_at_a_time(staff: Staff, account: Any):
    second: Any = TenantFactory(name="Second")
    other: Any = TransactionFactory(
        aggregation_account=AggregationAccountFactory(client=ClientFactory(tenant=second))
    )
    own: Any = TransactionFactory(aggregation_account=account)
    view = "nucleus.view_aggregationaccounttransaction"
    both = staff(view, name="both", tenants=[account.tenant, second])
    assert shown(both, TRANSACTIONS) == [own.pk]
    assert shown(both, TRANSACTIONS, tenant__id__exact=second.pk) == [other.pk]
    assert shown(both, TRANSACTIONS, account=other.aggregation_account_id) == [other.pk]
    first = staff(view, name="first", tenants=[account.tenant])
    assert shown(first, TRANSACTIONS, tenant__id__exact=second.pk) == []
    owner = other.aggregation_account.client_id
    for query in ({"account": other.aggregation_account_id}, {"customer": owner}):
        assert first.get(TRANSACTIONS, query).status_code == 404
    assert shown(first, TRANSACTIONS, q=str(other.pk)) == []
    assert first.get(f"{TRANSACTIONS}{other.pk}/change/").status_code == 404


@pytest.mark.parametrize(
    ("path", "factory"),
    [(BALANCES, BalanceFactory), (TRANSACTIONS, TransactionFactory), (HOLDINGS, HoldingFactory)],
)
def test_pages_take_few_queries(superuser: HttpClient, tenant: Tenant, path: str, factory: Any):
    for _ in range(5):
        account: Any = AggregationAccountFactory(client=ClientFactory(tenant=tenant))
        row = factory(aggregation_account=account)
    with CaptureQueriesContext(connection) as queries:
        page = text(superuser, path)
    assert len(queries) <= 20
    for link in (
        f"nucleus/aggregationaccount/{account.pk}/",
        f"nucleus/client/{account.client_id}/",
    ):
        assert f'href="/admin/{link}change/"' in page
    detail = text(superuser, f"{path}{row.pk}/change/")
    assert f'href="/admin/nucleus/aggregationaccount/{account.pk}/change/"' in detail
    assert " UTC" in detail
