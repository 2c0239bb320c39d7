"""Requests of a tenant about its connections: list, refresh, delete."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from integrations.flows import account_links, connection_state, connections, sync
from integrations.flows.connection_reason_queries import with_reason
from integrations.flows.connection_state import MISSING
from integrations.flows.errors import FlowError, NotFound
from integrations.models import Member, VerifiedLink
from integrations.vendors.records import SyncScope
from nucleus.models import Client, Tenant


def visible_connections(
    *, tenant: Tenant, client: Client | None, of_many: bool = True
) -> QuerySet[Member]:
    """The connections that a caller may see, each with its `state_reason` and links.

    Connections of a client that is being erased are excluded.

    Args:
        client: confines the result to one client's connections.
        of_many: see connection_reason_queries.reason_expression.
    """
    rows = Member.objects.for_tenant(tenant).exclude(
        vendor_user__client__erase_requested_at__isnull=False
    )
    if client is not None:
        rows = rows.filter(vendor_user__client=client)
    return (
        with_reason(rows, of_many=of_many)
        .select_related("tenant", "vendor_user", "institution")
        .prefetch_related(
            Prefetch("account_links", account_links.current(tenant)),
            Prefetch(
                "verified_links",
                VerifiedLink.objects.for_tenant(tenant).filter(bank_link__unverified_reason=None),
            ),
        )
    )


def get(*, tenant: Tenant, client: Client | None, connection_id: UUID) -> Member:
    """The connection with this id, if the caller may see it. Raises NotFound."""
    rows = visible_connections(tenant=tenant, client=client, of_many=False)
    member = rows.filter(pk=connection_id).first()
    if member is None:
        raise NotFound(f"There is no connection {connection_id}.")
    return member


def refresh(member: Member) -> None:
    """Enqueue a job that makes the vendor import from the bank, and then reads all accounts.

    If such a job is waiting, no second one is enqueued.

    Raises:
        FlowError: the vendor no longer has the connection.
    """
    if member.connection_status == MISSING:
        raise FlowError(
            "The vendor no longer has this connection. The person has to link the institution "
            f"again: GET {connection_state.widget_link_path(member)}"
        )
    with transaction.atomic():
        sync.enqueue(member=member, scope=SyncScope.EVERYTHING, kind=sync.REFRESH_MEMBER)


def delete(member: Member) -> None:
    """Delete the connection at the vendor and here; the data of its accounts stays in Nucleus.

    Raises VendorError, and VendorNotConfigured, before anything is deleted here.
    """
    if member.connection_status != MISSING:
        connections.delete_at_vendor(member)
    connections.delete_here(member)
