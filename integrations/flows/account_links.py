"""Account links: the connection and the vendor's account behind an aggregation account.

An account has at most one current link. A link that ends stays as history, and its account becomes
inactive; account_linking.py links it again when the vendor has it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations.flows import outbound_webhooks
from integrations.flows.errors import FlowError
from integrations.models import AccountLink, Member
from nucleus import writes
from nucleus.models import AggregationAccount, Tenant


def current(tenant: Tenant) -> QuerySet[AccountLink]:
    """The links that have not ended; each has a connection."""
    return AccountLink.objects.for_tenant(tenant).filter(ended_at=None, member__isnull=False)


def by_account_id(*, tenant: Tenant, account_ids: Iterable[UUID]) -> dict[UUID, AccountLink]:
    """The current links of these accounts by account id; a disconnected account has none."""
    rows = _readable(tenant).filter(aggregation_account_id__in=list(account_ids))
    return {link.aggregation_account_id: link for link in rows}


def of_connection(member: Member) -> list[AccountLink]:
    """The current account links of a connection, oldest first."""
    return list(_readable(member.tenant).filter(member=member).order_by("create_date", "id"))


def vendor_member_id(account: AggregationAccount) -> str:
    """The vendor's id of the account's connection. Raises FlowError if it is disconnected."""
    link = current(account.tenant).filter(aggregation_account=account).first()
    if link is None:
        raise disconnected_error(account)
    return link.vendor_member_id


def disconnected_error(account: AggregationAccount) -> FlowError:
    """The error for an account that no longer has a connection."""
    return FlowError(
        f"Aggregation account {account.id} is no longer connected to a vendor. Link it again "
        "with POST /integration/v1/aggregation/account."
    )


def end(links: Iterable[AccountLink], reason: AccountLink.EndReason) -> None:
    """End current links: their accounts become inactive, and the tenant is told of each.

    A link that has ended in the meantime is left as it is. Accounts of links that are REPLACED or
    MERGED stay as they are, because another link goes on.
    """
    with transaction.atomic():
        for link in links:
            stored = AccountLink.unscoped.filter(pk=link.pk, ended_at=None)
            if not stored.update(ended_at=timezone.now(), end_reason=reason.value):
                continue
            if reason not in (AccountLink.EndReason.REPLACED, AccountLink.EndReason.MERGED):
                _deactivate(link, reason)


def _deactivate(link: AccountLink, reason: AccountLink.EndReason) -> None:
    account = link.aggregation_account
    was_active = account.is_active
    writes.update_aggregation_account(account=account, is_active=False)
    if was_active:
        emit_account_event(account, "disconnected", reason=reason.value)


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
        .select_related("member__vendor_user", "aggregation_account__tenant")
    )
