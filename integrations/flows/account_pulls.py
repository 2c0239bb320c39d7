"""Read an aggregation account and its balance from the vendor and store them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from integrations.flows import account_links, bank_link_state, outbound_webhooks, record_mapping
from integrations.flows.pull_results import emit_changes, vendor_user_id, with_audit_subject
from integrations.flows.pull_sources import PullSource
from integrations.models import AccountLink
from integrations.vendors import records
from integrations.vendors.base import Vendor
from nucleus import writes
from nucleus.models import AggregationAccount, AggregationAccountBalance
from nucleus.models.bank_links import UnverifiedReason


def pull_account(*, vendor: Vendor, source: PullSource) -> AggregationAccount:
    """Read the account and store it. Raises VendorError and writes.AccountGone."""
    return _store_account(source.link, _read_account(vendor, source.link))


def pull_balance(*, vendor: Vendor, source: PullSource) -> AggregationAccountBalance:
    """Read the current balance and store it, if it differs from the newest that is stored.

    Raises VendorError and writes.AccountGone.
    """
    read_at = timezone.now()
    return _store_balance(source.link, _read_account(vendor, source.link), read_at)


@with_audit_subject
def pull_account_and_balance(
    *,
    vendor: Vendor,
    link: AccountLink,
    record: records.Account | None = None,
    read_at: datetime | None = None,
) -> None:
    """Store the account and its balance.

    Args:
        record: the account, if the caller has read it; otherwise one call to the vendor reads it.
        read_at: when the caller began to read it.

    Raises VendorError and writes.AccountGone.
    """
    if record is None or read_at is None:
        read_at = timezone.now()
        record = record or _read_account(vendor, link)
    _store_account(link, record)
    _store_balance(link, record, read_at)


def _read_account(vendor: Vendor, link: AccountLink) -> records.Account:
    return vendor.read_account(user_id=vendor_user_id(link), account_id=link.vendor_account_id)


def _store_account(link: AccountLink, record: records.Account) -> AggregationAccount:
    if record.is_closed:
        bank_link_state.unverify(
            bank_link_state.of_vendor_account(link.connection.vendor_user, link.vendor_account_id),
            UnverifiedReason.ACCOUNT_CLOSED,
        )
        link.aggregation_account.refresh_from_db(fields=["is_link_verified"])
    columns = record_mapping.account_columns(record, link.aggregation_account)
    unchanged = writes.unchanged_account(link.aggregation_account, columns)
    if unchanged is not None:
        return unchanged
    with transaction.atomic():
        account_links.lock(link)
        return account_links.update_account(link.aggregation_account, **columns)


def _store_balance(
    link: AccountLink, record: records.Account, read_at: datetime
) -> AggregationAccountBalance:
    account, now = link.aggregation_account, timezone.now()
    balance = record.balance
    row = writes.BalanceRow(
        balance=balance.current,
        available_balance=balance.available,
        available_credit=balance.available_credit,
        currency_code=record_mapping.currency(balance.currency_code, account),
        time_stamp=balance.as_of,
        read_at=read_at,
    )
    unchanged = writes.unchanged_balance(account, row)
    if unchanged is not None:
        return unchanged
    with transaction.atomic():
        account_links.lock(link)
        stored = writes.record_balance(account, row)
        is_written = stored.update_date >= now
        if is_written:
            emit_changes(outbound_webhooks.BALANCE, account, written=1, balance=stored.balance)
    return stored
