"""Accounts and balances, where an account is merged into another one or the merge is undone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from nucleus.models import AggregationAccount, AggregationAccountBalance
from nucleus.writes.changes import save_changes


def lock_accounts(ids: Iterable[UUID]) -> dict[UUID, AggregationAccount]:
    """Lock the accounts in the order of their ids, and return them by id."""
    rows = AggregationAccount.unscoped.select_for_update(of=("self",)).select_related(
        "tenant", "client", "business"
    )
    return {row.pk: row for row in rows.filter(pk__in=list(ids)).order_by("pk")}


def save_account(account: AggregationAccount, columns: dict[str, Any]) -> None:
    """Set columns of an account that a merge changes."""
    save_changes(account, columns)


def copy_newest_balance(
    *, kept: AggregationAccount, merged: AggregationAccount
) -> AggregationAccountBalance | None:
    """Give the kept account the merged one's current balance, unless its own is newer."""
    newest, own = _newest_balance(merged), _newest_balance(kept)
    if newest is None or (own and own.balance_time_stamp > newest.balance_time_stamp):
        return None
    copy = AggregationAccountBalance(
        tenant_id=kept.tenant_id,
        aggregation_account=kept,
        currency_code=newest.currency_code,
        balance_time_stamp=newest.balance_time_stamp,
        balance=newest.balance,
        available_balance=newest.available_balance,
        available_credit=newest.available_credit,
    )
    copy.save(force_insert=True)
    return copy


def delete_balance(account: AggregationAccount, balance_id: UUID) -> None:
    """Delete a balance that copy_newest_balance has made; one that is gone is no error."""
    rows = AggregationAccountBalance.objects.for_tenant(account.tenant_id)
    rows.filter(aggregation_account=account, pk=balance_id).delete()


def _newest_balance(account: AggregationAccount) -> AggregationAccountBalance | None:
    rows = AggregationAccountBalance.objects.for_tenant(account.tenant_id)
    rows = rows.filter(aggregation_account=account, is_active=True)
    return rows.order_by("-balance_time_stamp", "-create_date").first()
