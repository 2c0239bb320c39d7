"""Merge two aggregation accounts that are one account at the bank, and undo that.

The merged account becomes inactive and keeps only entries that the kept one has as well. Both run
in one transaction each, which locks the owner first, as account_linking.py does: so neither runs
while links change, and pulls of the merged account fail from then on.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.flows import (
    account_links,
    merged_entries,
    merged_entry_queries,
    merged_links,
    possible_duplicates,
)
from integrations.flows.errors import Conflict, FlowError, NotFound
from integrations.models import AccountLink, AccountMerge, Member, VendorUser, VerifiedLink
from nucleus.models import (
    AggregationAccount,
    BankLink,
    Client,
    Tenant,
)
from nucleus.writes import merged_accounts, merged_transactions, undone_merges
from nucleus.writes.account_merges import AccountPair, merge_holdings
from nucleus.writes.separated_transactions import restore_transactions
from nucleus.writes.undone_merges import Separation


def visible_merges(*, tenant: Tenant, client: Client | None) -> QuerySet[AccountMerge]:
    """The merges that a caller may see; none of clients that are being erased.

    Args:
        client: confines the result to one client's accounts.
    """
    rows = AccountMerge.objects.for_tenant(tenant).select_related("kept_account")
    rows = rows.filter(kept_account__client__erase_requested_at=None)
    return rows if client is None else rows.filter(kept_account__client=client)


def get(*, tenant: Tenant, client: Client | None, merge_id: UUID) -> AccountMerge:
    """The merge with this id, if the caller may see it. Raises NotFound."""
    row = visible_merges(tenant=tenant, client=client).filter(pk=merge_id).first()
    if row is None:
        raise NotFound(f"There is no account merge {merge_id}.")
    return row


def merge(
    *, kept: AggregationAccount, merged: AggregationAccount, requested_by: str
) -> AccountMerge:
    """Merge an account into another one of the same owner.

    Args:
        kept: the account that goes on, with the transactions of both, each once.
        merged: the account that becomes inactive.
        requested_by: the name of the application or of the member of staff.

    Raises FlowError, and Conflict if one of them is merged already or is being erased.
    """
    _check_pair(kept, merged)
    with transaction.atomic():
        kept, merged = _lock(kept, merged)
        _check_state(kept, merged)
        row = AccountMerge.unscoped.create(
            tenant=kept.tenant,
            kept_account=kept,
            merged_account=merged,
            requested_by=requested_by[:255],
        )
        plan = merged_links.plan(kept, merged)
        pair = AccountPair(
            kept=kept,
            merged=merged,
            earlier_generation=plan.earlier_generation,
            kept_generation=plan.kept_generation,
            merged_generation=plan.merged_generation,
            source_moves=plan.moving is not None,
        )
        row.moved_transactions = merged_transactions.move_transactions(
            pair, partial(merged_entry_queries.record_transactions, row)
        )
        merge_holdings(pair, partial(merged_entries.record, row))
        links = merged_links.change_links(plan)
        duplicates = possible_duplicates.close_merged(kept=kept, merged=merged)
        row.changes = _merge_accounts(pair) | {"links": links, "duplicates": duplicates}
        row.save(update_fields=["moved_transactions", "changes", "update_date"])
        account_links.emit_account_event(merged, "merged", merged_into_id=str(kept.pk))
    return row


def undo(row: AccountMerge) -> None:
    """Separate the accounts of a merge again; repeating it is no error.

    The merged account gets back its transactions and its link, if the connection still exists, and
    what its vendor's account has brought since. Everything else stays with the kept account.

    Raises Conflict if a later merge into the kept account has to be undone first.
    """
    with transaction.atomic():
        kept, merged = _lock(row.kept_account, row.merged_account)
        row.refresh_from_db()
        if row.undone_at is not None:
            return
        later = AccountMerge.objects.for_tenant(row.tenant_id).filter(
            kept_account=kept, undone_at=None, create_date__gt=row.create_date
        )
        if last := later.order_by("-create_date").first():
            raise Conflict(
                f"Account {last.merged_account_id} was merged into the same account later. Undo "
                f"account merge {last.pk} first."
            )
        changes = row.changes
        merged_accounts.save_account(merged, {"merged_into_id": None})
        returned = merged_links.return_link(changes["links"], kept=kept, merged=merged)
        separation = Separation(
            kept=kept,
            merged=merged,
            generations=returned.generations,
            source_returns=returned.left_kept,
        )
        restore_transactions(separation, *merged_entry_queries.recorded_transactions(row))
        for states in merged_entries.recorded_holdings(row):
            undone_merges.restore_entries(separation, states)
        undone_merges.move_entries_since(separation, row.create_date)
        _separate_accounts(changes, kept, merged, returned)
        possible_duplicates.reopen_merged(changes["duplicates"], kept.tenant)
        row.entries.all().delete()
        row.undone_at = timezone.now()
        row.save(update_fields=["undone_at", "update_date"])
        account_links.emit_account_event(merged, "merge_undone", merged_into_id=str(kept.pk))


def _check_pair(kept: AggregationAccount, merged: AggregationAccount) -> None:
    """Raise FlowError for accounts that cannot be the same one at the bank."""
    if kept.pk == merged.pk:
        raise FlowError("Name two different accounts: an account cannot be merged into itself.")
    owners = [(row.tenant_id, row.client_id, row.business_id) for row in (kept, merged)]
    if owners[0] != owners[1]:
        raise FlowError("The accounts belong to different owners. Name two accounts of one owner.")
    if (kept.currency_code or "") != (merged.currency_code or ""):
        raise FlowError(
            f"The accounts are in different currencies ({kept.currency_code} and "
            f"{merged.currency_code}), so they are not the same account."
        )
    if kept.is_asset != merged.is_asset:
        raise FlowError("One account is an asset and the other a debt; they are not the same.")
    if kept.is_manual and not merged.is_manual:
        raise FlowError(
            "The kept account is maintained by hand and the other by a vendor. Keep the vendor's: "
            "exchange the two ids."
        )


def _lock(
    kept: AggregationAccount, merged: AggregationAccount
) -> tuple[AggregationAccount, AggregationAccount]:
    """Lock owner, connections, accounts and links, in the order of other writers.

    Returns the accounts as they are now. Raises NotFound if one was deleted.
    """
    owner = {name: getattr(kept, name) for name in ("client_id", "business_id")}
    ids = [kept.pk, merged.pk]
    users = VendorUser.objects.for_tenant(kept.tenant_id).filter(
        Q(client_id=owner["client_id"], client_id__isnull=False)
        | Q(business_id=owner["business_id"], business_id__isnull=False)
    )
    list(users.select_for_update().order_by("pk").values_list("pk"))
    links = AccountLink.objects.for_tenant(kept.tenant_id).filter(
        aggregation_account__in=ids, ended_at=None
    )
    members = Member.objects.for_tenant(kept.tenant_id).filter(pk__in=links.values("member"))
    list(members.select_for_update().order_by("pk").values_list("pk"))
    rows = merged_accounts.lock_accounts(ids)
    list(links.select_for_update().order_by("pk").values_list("pk"))
    for pk in ids:
        if pk not in rows:
            raise NotFound(f"There is no aggregation account {pk}.")
    return rows[kept.pk], rows[merged.pk]


def _check_state(kept: AggregationAccount, merged: AggregationAccount) -> None:
    """Raise Conflict for accounts that cannot be merged at present."""
    if kept.client and kept.client.erase_requested_at is not None:
        raise Conflict("The client of these accounts is being erased.")
    if merged.merged_into_id is not None:
        raise Conflict(
            f"Account {merged.pk} is merged into {merged.merged_into_id} already. GET "
            "/integration/v1/account_merge lists merges; undo it first to merge it elsewhere."
        )
    if kept.merged_into_id is not None:
        raise Conflict(
            f"Account {kept.pk} was itself merged into {kept.merged_into_id}. Keep "
            f"{kept.merged_into_id} instead."
        )
    if AggregationAccount.objects.for_tenant(merged.tenant_id).filter(merged_into=merged).exists():
        raise Conflict(
            f"Other accounts were merged into {merged.pk}. Keep it, and exchange the two ids; or "
            "undo those merges first."
        )


def _merge_accounts(pair: AccountPair) -> dict[str, Any]:
    """Change the two accounts themselves; returns what they were, as JSON."""
    kept, merged = pair.kept, pair.merged
    before = {"kept": _account_state(kept), "merged": _account_state(merged)}
    columns: dict[str, Any] = {}
    balance = None
    if pair.source_moves:
        columns["is_active"] = merged.is_active
        balance = merged_accounts.copy_newest_balance(kept=kept, merged=merged)
    if merged.is_link_verified and not kept.is_link_verified:  # the number is that of both
        columns |= {"is_link_verified": True, "bank_link_id": merged.bank_link_id}
    merged_accounts.save_account(kept, columns)
    merged_accounts.save_account(
        merged, {"is_active": False, "is_link_verified": False, "merged_into_id": kept.pk}
    )
    return {"accounts": before, "balance_id": str(balance.pk) if balance else None}


def _account_state(account: AggregationAccount) -> dict[str, Any]:
    return {
        "is_active": account.is_active,
        "is_link_verified": account.is_link_verified,
        "bank_link_id": str(account.bank_link_id) if account.bank_link_id else None,
    }


def _separate_accounts(
    changes: dict[str, Any],
    kept: AggregationAccount,
    merged: AggregationAccount,
    returned: merged_links.ReturnedLink,
) -> None:
    """Restore what both accounts were before the merge, where nothing has changed it since."""
    before = changes["accounts"]
    kept_columns: dict[str, Any] = {}
    merged_columns = {
        "is_active": before["merged"]["is_active"] and not returned.is_lost,
        "is_link_verified": before["merged"]["is_link_verified"] and _is_verified(merged),
    }
    if returned.left_kept:
        merged_columns["is_active"] = kept.is_active  # the account may have closed since
        kept_columns["is_active"] = before["kept"]["is_active"] and changes["links"]["moved"]
    if not before["kept"]["is_link_verified"] and _has_bank_link_of(merged, kept, changes["links"]):
        merged_columns |= {
            "is_link_verified": kept.is_link_verified,
            "bank_link_id": kept.bank_link_id,
        }
        kept_columns |= {
            "is_link_verified": False,
            "bank_link_id": _existing_bank_link(kept, before["kept"]["bank_link_id"]),
        }
    if changes["balance_id"]:
        merged_accounts.delete_balance(kept, UUID(changes["balance_id"]))
    merged_accounts.save_account(kept, kept_columns)
    merged_accounts.save_account(merged, merged_columns)


def _has_bank_link_of(
    merged: AggregationAccount, kept: AggregationAccount, links: merged_links.LinkChanges
) -> bool:
    """Whether the kept account is paid through a bank link that came from the merged one.

    The bank may have replaced its number since the merge, which made another bank link.
    """
    if kept.bank_link_id is None or kept.bank_link_id == merged.bank_link_id:
        return kept.bank_link_id is not None
    verified = VerifiedLink.objects.for_tenant(kept.tenant_id).filter(bank_link=kept.bank_link_id)
    return verified.exclude(vendor_account_id__in=links["kept_vendor_account_ids"]).exists()


def _is_verified(account: AggregationAccount) -> bool:
    """Whether nothing contradicts a verification of the account."""
    link = account.bank_link
    return link is None or (link.is_active and link.is_link_verified)


def _existing_bank_link(account: AggregationAccount, bank_link_id: str | None) -> UUID | None:
    rows = BankLink.objects.for_tenant(account.tenant_id).filter(
        pk__in=[bank_link_id] if bank_link_id else []
    )
    return rows.values_list("pk", flat=True).first()
