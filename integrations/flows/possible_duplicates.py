"""Accounts that may be the same one at the bank: report, list and dismiss them, follow merges."""

from __future__ import annotations

from typing import TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from integrations.flows import outbound_webhooks
from integrations.flows.errors import Conflict, NotFound
from integrations.models import AccountLink, PossibleDuplicate
from nucleus.models import AggregationAccount, Client, Tenant
from nucleus.writes.changes import save_changes

State = PossibleDuplicate.State


class DuplicateChanges(TypedDict):
    """What a merge changed about possible duplicates, as JSON.

    Attributes:
        states: id → the state before, of those that are settled by the merge.
        created: ids of those that the kept account has instead.
    """

    states: dict[str, str]
    created: list[str]


def visible_duplicates(*, tenant: Tenant, client: Client | None) -> QuerySet[PossibleDuplicate]:
    """The possible duplicates that a caller may see; none of clients that are being erased.

    Args:
        client: confines the result to one client's accounts.
    """
    rows = PossibleDuplicate.objects.for_tenant(tenant).select_related("aggregation_account")
    rows = rows.filter(aggregation_account__client__erase_requested_at=None)
    return rows if client is None else rows.filter(aggregation_account__client=client)


def get(*, tenant: Tenant, client: Client | None, duplicate_id: UUID) -> PossibleDuplicate:
    """The possible duplicate with this id, if the caller may see it. Raises NotFound."""
    row = visible_duplicates(tenant=tenant, client=client).filter(pk=duplicate_id).first()
    if row is None:
        raise NotFound(f"There is no possible duplicate {duplicate_id}.")
    return row


def dismiss(row: PossibleDuplicate) -> PossibleDuplicate:
    """Record that the two are different accounts; repeating it is no error.

    They are not reported again. Raises Conflict if they were merged.
    """
    with transaction.atomic():
        stored = PossibleDuplicate.unscoped.select_for_update().filter(pk=row.pk).first()
        if stored is None:
            raise NotFound(f"There is no possible duplicate {row.pk}.")
        if stored.state == State.MERGED:
            raise Conflict(
                "These accounts were merged. Undo the merge first: DELETE "
                "/integration/v1/account_merge/{id}."
            )
        save_changes(stored, {"state": State.DISMISSED.value})
    row.state, row.update_date = stored.state, stored.update_date
    return row


def report(account: AggregationAccount, other: AggregationAccount) -> None:
    """Record that both may be the same account at the bank, and tell the tenant once."""
    rows = PossibleDuplicate.objects.for_tenant(account.tenant_id).filter(_about(account))
    if rows.filter(_about(other)).exists():
        return
    number = f"the number ending in {account.mask}" if account.mask else "the name"
    PossibleDuplicate.unscoped.create(
        tenant_id=account.tenant_id,
        aggregation_account=account,
        other_account=other,
        reason=f"Same institution, type and currency, and {number}.",
    )
    outbound_webhooks.emit(
        tenant_id=account.tenant_id,
        event=outbound_webhooks.POSSIBLE_DUPLICATE,
        client_id=account.client_id,
        business_id=account.business_id,
        account_id=account.pk,
        data={"other_nucleus_aggregation_account_id": str(other.pk)},
    )


def close_merged(*, kept: AggregationAccount, merged: AggregationAccount) -> DuplicateChanges:
    """Settle what is reported about an account that is being merged.

    Other accounts that may be the merged one may be the kept one, and are reported as that.
    """
    rows = PossibleDuplicate.objects.for_tenant(kept.tenant_id).filter(_about(merged))
    changes = DuplicateChanges(states={}, created=[])
    for row in rows.order_by("create_date", "pk"):
        ids = {row.aggregation_account_id, row.other_account_id}
        if kept.pk not in ids:
            if row.state != State.OPEN:
                continue
            (other_id,) = ids - {merged.pk}
            if created := _report_again(row, kept, other_id):
                changes["created"].append(str(created.pk))
        changes["states"][str(row.pk)] = row.state
        save_changes(row, {"state": State.MERGED.value})
    return changes


def reopen_merged(changes: DuplicateChanges, tenant: Tenant) -> None:
    """Restore the states that possible duplicates had before a merge."""
    rows = PossibleDuplicate.objects.for_tenant(tenant)
    rows.filter(pk__in=changes["created"], state=State.OPEN).delete()
    for row in rows.filter(pk__in=list(changes["states"]), state=State.MERGED):
        save_changes(row, {"state": changes["states"][str(row.pk)]})


def _about(account: AggregationAccount | UUID) -> Q:
    return Q(aggregation_account=account) | Q(other_account=account)


def _report_again(
    row: PossibleDuplicate, kept: AggregationAccount, other_id: UUID
) -> PossibleDuplicate | None:
    """A possible duplicate of the kept account.

    None if there is one, whatever its state, and if one login lists both: they are different.
    """
    rows = PossibleDuplicate.objects.for_tenant(kept.tenant_id).filter(_about(kept))
    if rows.filter(_about(other_id)).exists():
        return None
    links = AccountLink.objects.for_tenant(kept.tenant_id).filter(ended_at=None)
    of_kept = links.filter(aggregation_account=kept).values("member")
    if links.filter(aggregation_account=other_id, member__in=of_kept).exists():
        return None
    return PossibleDuplicate.unscoped.create(
        tenant_id=kept.tenant_id,
        aggregation_account_id=other_id,
        other_account=kept,
        reason=row.reason,
    )
