"""Account links: the connection and the vendor's account behind an aggregation account."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from integrations.flows.errors import FlowError
from integrations.models import AccountLink, Member
from nucleus.models import AggregationAccount, Tenant


def by_account_id(*, tenant: Tenant, account_ids: Iterable[UUID]) -> dict[UUID, AccountLink]:
    """The links of these accounts by account id; a disconnected account has none."""
    rows = _readable(tenant).filter(aggregation_account_id__in=list(account_ids))
    return {link.aggregation_account_id: link for link in rows}


def of_connection(member: Member) -> list[AccountLink]:
    """The account links of a connection, oldest first."""
    return list(_readable(member.tenant).filter(member=member).order_by("create_date", "id"))


def vendor_member_id(account: AggregationAccount) -> str:
    """The vendor's id of the account's connection. Raises FlowError if it is disconnected."""
    link = (
        AccountLink.objects.for_tenant(account.tenant)
        .filter(aggregation_account=account)
        .select_related("member")
        .first()
    )
    if link is None:
        raise disconnected_error(account)
    return link.member.vendor_member_id


def disconnected_error(account: AggregationAccount) -> FlowError:
    """The error for an account that no longer has a connection."""
    return FlowError(
        f"Aggregation account {account.id} is no longer connected to a vendor. Link it again "
        "with POST /integration/v1/aggregation/account."
    )


def _readable(tenant: Tenant) -> QuerySet[AccountLink]:
    """Links with the rows that a pull needs, without those of clients that are being erased."""
    return (
        AccountLink.objects.for_tenant(tenant)
        .filter(aggregation_account__client__erase_requested_at=None)
        .select_related("member__vendor_user", "aggregation_account__tenant")
    )
