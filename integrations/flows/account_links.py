"""Which connection, and which account at the vendor, an aggregation account comes from."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from integrations.flows.errors import FlowError
from integrations.models import AccountLink, Member
from nucleus.models import AggregationAccount, Tenant


def by_account_id(*, tenant: Tenant, account_ids: Iterable[UUID]) -> dict[UUID, AccountLink]:
    """Account links by the id of their aggregation account; one that is disconnected has none."""
    rows = _readable(tenant).filter(aggregation_account_id__in=list(account_ids))
    return {link.aggregation_account_id: link for link in rows}


def of_connection(member: Member) -> list[AccountLink]:
    """The account links of a connection, oldest first."""
    return list(_readable(member.tenant).filter(member=member).order_by("create_date", "id"))


def vendor_member_id(account: AggregationAccount) -> str:
    """The vendor's id of the member behind an account. Raises FlowError if it is disconnected."""
    link = (
        AccountLink.objects.for_tenant(account.tenant)
        .filter(aggregation_account=account)
        .select_related("member")
        .first()
    )
    if link is None:
        raise disconnected(account)
    return link.member.vendor_member_id


def disconnected(account: AggregationAccount) -> FlowError:
    """The error of reading an account that has no connection any more."""
    return FlowError(
        f"Aggregation account {account.id} is not connected to a vendor any more. Link it again "
        "with POST /integration/v1/aggregation/account."
    )


def _readable(tenant: Tenant) -> QuerySet[AccountLink]:
    """Links with all rows that reading an account needs; none of clients that are being erased."""
    return (
        AccountLink.objects.for_tenant(tenant)
        .filter(aggregation_account__client__erase_requested_at=None)
        .select_related("member__vendor_user", "aggregation_account__tenant")
    )
