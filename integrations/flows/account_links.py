"""Account links: the connection and the vendor's account behind an aggregation account.

An account has at most one current link. A link that ends stays as history, and its account becomes
inactive; account_linking.py links it again when the vendor has it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from integrations.flows import account_identity, bank_link_state, outbound_webhooks
from integrations.flows.errors import FlowError
from integrations.models import AccountLink, DeletedAccount, Member, VendorUser
from integrations.vendors import records
from nucleus import writes
from nucleus.compiled_queries import Parameter
from nucleus.models import AggregationAccount, Tenant
from nucleus.models.bank_links import UnverifiedReason
from nucleus.writes import merged_accounts

RELINK = (
    "Link it again with POST /integration/v1/aggregation/account, which takes this "
    "nucleus_aggregation_account_id or the member_id of its connection."
)
RECONNECT = (
    "The person has to link the institution again: GET /integration/v1/widget_link/{owner_id}, "
    "then POST /integration/v1/aggregation/account. The account goes on under its id."
)
DISCONNECTED_ADVICE: dict[str, str] = {
    AccountLink.EndReason.CONNECTION_DELETED: f"Its connection was deleted. {RECONNECT}",
    AccountLink.EndReason.CONNECTION_MISSING: (
        f"The vendor no longer has its connection. {RECONNECT}"
    ),
    AccountLink.EndReason.ACCOUNT_MISSING: (
        "The vendor no longer lists it, for example because it was closed or is no longer shared. "
        "Its data stays; it is linked again when the vendor lists it again."
    ),
    AccountLink.EndReason.MERGED: "It was merged into another account; use that one.",
}


def current(tenant: Tenant | Parameter) -> QuerySet[AccountLink]:
    """The links that have not ended; each has a connection."""
    return AccountLink.objects.for_tenant(tenant).filter(ended_at=None, member__isnull=False)


def by_account_id(*, tenant: Tenant, account_ids: Iterable[UUID]) -> dict[UUID, AccountLink]:
    """The current links of these accounts by account id; a disconnected account has none."""
    rows = _readable(tenant).filter(aggregation_account_id__in=list(account_ids))
    return {link.aggregation_account_id: link for link in rows}


def of_connection(member: Member) -> list[AccountLink]:
    """The current account links of a connection, oldest first."""
    return list(_readable(member.tenant).filter(member=member).order_by("create_date", "id"))


def account_of(member: Member, vendor_account_id: str) -> AggregationAccount | None:
    """The aggregation account of an account of the connection.

    That is the one that it is linked with, or the one that it was merged into; None without one.
    """
    is_merged = Q(aggregation_account__merged_into__isnull=False)
    link = (
        AccountLink.objects.for_tenant(member.tenant)
        .filter(Q(ended_at=None) | is_merged, member=member, vendor_account_id=vendor_account_id)
        .select_related("aggregation_account__bank_link")
        .select_related("aggregation_account__merged_into__bank_link")
        .order_by(F("ended_at").desc(nulls_first=True))
        .first()
    )
    return (link.aggregation_account.merged_into or link.aggregation_account) if link else None


def is_current(link: AccountLink) -> bool:
    """Whether the link has not ended since it was read."""
    return AccountLink.unscoped.filter(pk=link.pk, ended_at=None).exists()


def vendor_member_id(account: AggregationAccount) -> str:
    """The vendor's id of the connection that has, or had, the account.

    Raises FlowError if the connection was deleted or the vendor no longer has it.
    """
    links = AccountLink.objects.for_tenant(account.tenant_id).filter(aggregation_account=account)
    link = links.order_by(F("ended_at").desc(nulls_first=True)).first()
    lasting = ("", AccountLink.EndReason.DISCONNECTED, AccountLink.EndReason.ACCOUNT_MISSING)
    if link is None or link.member_id is None or link.end_reason not in lasting:
        raise disconnected_error(account)
    return link.vendor_member_id


def disconnected_error(account: AggregationAccount) -> FlowError:
    """The error for an account without a current link: why, and what to do."""
    if account.merged_into_id is not None:
        return FlowError(
            f"Aggregation account {account.id} was merged into {account.merged_into_id}, which "
            "has its data. Use that one."
        )
    ended = (
        AccountLink.objects.for_tenant(account.tenant_id)
        .filter(aggregation_account=account, ended_at__isnull=False)
        .select_related("member__vendor_user")
        .order_by("-ended_at")
        .first()
    )
    if ended is None:
        return FlowError(
            f"Aggregation account {account.id} has never been connected to a vendor. Read and "
            "write it under /nucleus/v1."
        )
    owner_id = account.client_id or account.business_id
    advice = DISCONNECTED_ADVICE.get(ended.end_reason, RELINK).format(owner_id=owner_id)
    user = ended.member.vendor_user if ended.member else None
    if user is not None and user.vendor_user_id is None:
        advice = f"The vendor no longer has the user: call POST /integration/v1/user. {advice}"
    return FlowError(f"Aggregation account {account.id} is no longer connected. {advice}")


def lock(link: AccountLink) -> None:
    """Lock the account of a link until the transaction ends, and read the link's generation.

    A merge into the account raises the generation; rows of the earlier one would not continue those
    that the merge has moved.

    Raises writes.AccountGone if the link has ended: another vendor's account may go on, and rows of
    this one must not be stored any more.
    """
    writes.lock(link.aggregation_account)
    stored = AccountLink.unscoped.filter(pk=link.pk, ended_at=None)
    generation = stored.values_list("generation", flat=True).first()
    if generation is None:
        raise writes.AccountGone(
            f"Aggregation account {link.aggregation_account_id} was disconnected while it was read."
        )
    link.generation = generation


def end(links: Iterable[AccountLink], reason: AccountLink.EndReason) -> None:
    """End current links: their accounts become inactive, and an event reports each.

    Accounts are locked before links, as pulls and deletions of accounts do.

    A link that has ended in the meantime is left as it is. Accounts of links that are REPLACED or
    MERGED stay as they are, because another link goes on.
    """
    links = list(links)
    with transaction.atomic():
        merged_accounts.lock_accounts([link.aggregation_account_id for link in links])
        for link in links:
            stored = AccountLink.unscoped.filter(pk=link.pk, ended_at=None)
            if not stored.update(ended_at=timezone.now(), end_reason=reason.value):
                continue
            if reason is AccountLink.EndReason.ACCOUNT_MISSING:
                bank_link_state.unverify(
                    bank_link_state.of_vendor_account(
                        link.connection.vendor_user, link.vendor_account_id
                    ),
                    UnverifiedReason.ACCOUNT_MISSING,
                )
            if reason not in (AccountLink.EndReason.REPLACED, AccountLink.EndReason.MERGED):
                _deactivate(link, reason)


def _deactivate(link: AccountLink, reason: AccountLink.EndReason) -> None:
    account = link.aggregation_account
    was_active = account.is_active
    writes.update_aggregation_account(account=account, is_active=False)
    if was_active:
        emit_account_event(account, "disconnected", reason=reason.value)


def update_account(account: AggregationAccount, **columns: Any) -> AggregationAccount:
    """Set columns of a linked account as the vendor has them.

    Reports to the tenant that the account was closed or opened again, which `is_active` tells.
    """
    if columns["is_active"] == account.is_active:
        return writes.update_aggregation_account(account=account, **columns)
    with transaction.atomic():
        writes.lock(account)
        account.refresh_from_db(fields=["is_active"])  # another writer may have reported it
        if not current(account.tenant).filter(aggregation_account=account).exists():
            columns["is_active"] = account.is_active  # the link has ended meanwhile
        is_changed = columns["is_active"] != account.is_active
        account = writes.update_aggregation_account(account=account, **columns)
        if is_changed:
            outbound_webhooks.emit(
                tenant_id=account.tenant_id,
                event=outbound_webhooks.ACCOUNT_CLOSED,
                client_id=account.client_id,
                business_id=account.business_id,
                account_id=account.pk,
                data={
                    "action": "reopened" if account.is_active else "closed",
                    "account_name": account.account_name,
                },
            )
    return account


def link_deleted(*, link: AccountLink, origin: Any) -> None:
    """Signal handler: remember the vendor's account when its aggregation account is deleted.

    Otherwise the next import would add what the tenant has just deleted.

    Args:
        origin: the row or queryset whose deletion deletes the link.
    """
    if getattr(origin, "model", type(origin)) is not AggregationAccount:
        return  # the owner goes, too
    account = link.aggregation_account
    vendor_user = VendorUser.unscoped.filter(
        tenant=link.tenant_id,
        vendor=link.vendor,
        client=account.client_id,
        business=account.business_id,
    ).first()
    if vendor_user is not None:
        DeletedAccount.unscoped.bulk_create(
            [
                DeletedAccount(
                    tenant_id=link.tenant_id,
                    vendor_user=vendor_user,
                    vendor_account_id=link.vendor_account_id,
                )
            ],
            ignore_conflicts=True,
        )


def emit_account_event(account: AggregationAccount, action: str, **data: str) -> None:
    """Report to the tenant that an account was linked, disconnected or the like.

    Args:
        action: what happened, in one word.
    """
    outbound_webhooks.emit(
        tenant_id=account.tenant_id,
        event=outbound_webhooks.ACCOUNT,
        client_id=account.client_id,
        business_id=account.business_id,
        account_id=account.pk,
        data={"action": action, "account_name": account.account_name, **data},
    )


def _readable(tenant: Tenant) -> QuerySet[AccountLink]:
    """Links with the rows that a pull needs, without those of clients that are being erased."""
    return (
        current(tenant)
        .filter(aggregation_account__client__erase_requested_at=None)
        .select_related("member__vendor_user__tenant", "aggregation_account__tenant")
    )


def remember_listing(link: AccountLink, record: records.Account) -> None:
    """Store what the vendor lists the account as, if it differs."""
    listed = account_identity.listed_as(record)
    if link.listed_as != listed:
        AccountLink.unscoped.filter(pk=link.pk).update(listed_as=listed)
