"""What members bring: accounts, transactions, holdings, numbers, owners, statements."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from mx_platform_python import UserUpdateRequest, UserUpdateRequestBody
from mx_platform_python.exceptions import ForbiddenException, NotFoundException

from tests.mx_platform_client.connecting import connect, settled, without_models


def moment(day: date, version: str) -> str:
    """A day as the version wants it in queries."""
    if version == "v20111101":
        return day.isoformat()
    return str(int(datetime.combine(day, time(), UTC).timestamp()))


def test_accounts(mx: Any, user: str):
    member = connect(mx, user)
    accounts = mx.accounts.list_member_accounts(user, member).accounts
    assert mx.accounts.list_user_accounts(user).accounts == accounts
    assert {"CHECKING", "SAVINGS", "CREDIT_CARD", "INVESTMENT"} <= {row.type for row in accounts}
    item = accounts[0]
    assert mx.accounts.read_account(item.guid, user).account == item
    assert mx.accounts.read_account_by_member(item.guid, member, user).account == item
    with pytest.raises(NotFoundException):
        mx.accounts.read_account("ACT-unknown", user)


def test_transactions(mx: Any, user: str, version: str):
    member = connect(mx, user)
    account = mx.accounts.list_member_accounts(user, member).accounts[0].guid
    page = mx.transactions.list_transactions_by_account(account, user, records_per_page=10)
    assert (page.pagination.per_page, len(page.transactions)) == (10, 10)
    assert page.pagination.total_pages > 2
    total = page.pagination.total_entries
    listed = mx.transactions.list_transactions_by_account(account, user, records_per_page=1000)
    assert len({row.guid for row in listed.transactions}) == total
    # More than the maximum is as if nothing had been said.
    beyond = mx.transactions.list_transactions_by_account(account, user, records_per_page=1001)
    assert beyond.pagination.per_page == 25
    by_member = mx.transactions.list_transactions_by_member(member, user, records_per_page=1000)
    of_user = mx.transactions.list_transactions(user, records_per_page=1000)
    assert by_member.pagination.total_entries == of_user.pagination.total_entries > total
    row = listed.transactions[0]
    # MX's document says that this answers with a list; the API answers with the transaction.
    raw = mx.transactions.read_transaction_with_http_info(user, row.guid, _preload_content=False)
    assert json.loads(raw.raw_data)["transaction"]["guid"] == row.guid
    with pytest.raises(NotFoundException):
        mx.transactions.read_transaction(user, "TRN-unknown")


def test_transactions_of_some_days(mx: Any, user: str, version: str):
    member = connect(mx, user)
    account = mx.accounts.list_member_accounts(user, member).accounts[0].guid
    last = datetime.now(UTC).date() - timedelta(days=10)
    first = last - timedelta(days=20)
    page = mx.transactions.list_transactions_by_account(
        account,
        user,
        records_per_page=1000,
        from_date=moment(first, version),
        to_date=moment(last, version),
    )
    days = {date.fromisoformat(row.var_date) for row in page.transactions}
    assert first <= min(days) <= max(days) <= last


def test_merchants_come_with_their_transactions(mx: Any, user: str):
    member = connect(mx, user)
    rows = mx.transactions.list_transactions_by_member(
        member, user, records_per_page=1000, includes="merchants,geolocations"
    ).transactions
    with_merchant = next(row for row in rows if row.merchant_guid)
    assert with_merchant.merchant.guid == with_merchant.merchant_guid
    merchant = mx.merchants.read_merchant(with_merchant.merchant_guid).merchant
    assert merchant.name == with_merchant.merchant.name
    place = next(row for row in rows if row.merchant_location_guid)
    location = mx.merchants.read_merchant_location(place.merchant_location_guid).merchant_location
    assert location.city == place.geolocation.city
    assert merchant.guid in {
        row.guid for row in mx.merchants.list_merchants(records_per_page=1000).merchants
    }
    assert mx.merchants.list_merchants(name=merchant.name).merchants


def test_holdings(mx: Any, user: str):
    member = connect(mx, user)
    holdings = mx.investment_holdings.list_holdings(user).investment_holdings
    page = mx.investment_holdings.list_holdings_by_member(member, user)
    assert page.investment_holdings == holdings
    holding = holdings[0]
    assert isinstance(holding.quantity, str)
    by_account = mx.investment_holdings.list_holdings_by_account(holding.account_guid, user)
    assert holding in by_account.investment_holdings
    read = mx.investment_holdings.read_holding(holding.guid, user).investment_holding
    assert read == holding
    assert mx.investment_holdings.deactivate_user(user).status


def test_jobs(mx: Any, user: str):
    member = connect(mx, user)
    for start in (
        mx.members.verify_member,
        mx.members.identify_member,
        mx.members.aggregate_member,
        mx.members.check_balances,
        mx.transactions.extend_history,
    ):
        assert without_models(start, member, user).member.is_being_aggregated
        settled(mx, user, member)
    numbers = mx.accounts.list_account_numbers_by_member(member, user).account_numbers
    assert all(row.guid.startswith("ACN-") and row.passed_validation for row in numbers)
    account = numbers[0].account_guid
    by_account = mx.accounts.list_account_numbers_by_account(account, user).account_numbers
    assert by_account == [numbers[0]]
    owners = mx.accounts.list_account_owners_by_member(member, user).account_owners
    assert all(row.guid and row.owner_name for row in owners)
    assert owners


@pytest.mark.parametrize("version", ["v20111101"], indirect=True)
def test_an_aggregation_without_transactions(mx: Any, version: str, user: str):
    member = connect(mx, user)
    started = mx.members.aggregate_member(
        member, user, include_holdings=False, include_transactions=False
    )
    assert started.member.is_being_aggregated
    assert settled(mx, user, member).connection_status == "CONNECTED"


def test_statements(mx: Any, user: str):
    member = connect(mx, user)
    started = without_models(mx.statements.fetch_statements, member, user).member
    assert started.is_being_aggregated
    settled(mx, user, member)
    page = mx.statements.list_statements_by_member(member, user, records_per_page=10)
    assert (page.pagination.total_entries, page.pagination.total_pages) == (18, 2)
    item = page.statements[0]
    assert mx.statements.read_statement_by_member(member, item.guid, user).statement == item
    pdf = mx.statements.download_statement_pdf(member, item.guid, user)
    assert hashlib.sha256(pdf).hexdigest() == item.content_hash


def test_the_lists_of_a_member_that_was_deleted(mx: Any, user: str):
    """They are gone at once; those of the user still have its rows."""
    member = connect(mx, user)
    mx.members.delete_member(member, user)
    with pytest.raises(NotFoundException):
        mx.accounts.list_member_accounts(user, member)
    assert mx.accounts.list_user_accounts(user).accounts


def test_data_of_a_disabled_user(mx: Any, user: str):
    member = connect(mx, user)
    mx.users.update_user(user, UserUpdateRequestBody(user=UserUpdateRequest(is_disabled=True)))
    with pytest.raises(ForbiddenException):
        mx.accounts.list_member_accounts(user, member)
