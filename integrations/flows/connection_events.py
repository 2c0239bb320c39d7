"""Events about connections, for the tenant's webhooks."""

from __future__ import annotations

from typing import Any

from integrations.flows import account_links, connection_state, outbound_webhooks
from integrations.models import Member

CREATE_USER_FIRST = (
    "The vendor no longer has the user. Call POST /integration/v1/user before the widget link."
)


def emit_created(member: Member, *, adopted: bool, advice: str | None) -> None:
    """Report a connection that is stored for the first time.

    Args:
        adopted: the gateway has connected what the app did not report.
        advice: what the app has to call, if the gateway has not connected it.
    """
    _emit(outbound_webhooks.CONNECTION_CREATED, member, adopted=adopted, advice=advice)


def emit_status(member: Member) -> None:
    """Report that the connection works, or who has to act."""
    _emit(outbound_webhooks.STATUS, member)


def emit_repaired(member: Member) -> None:
    """Report that a connection works again which somebody had to repair."""
    _emit(outbound_webhooks.CONNECTION_REPAIRED, member)


def emit_gone(member: Member) -> None:
    """Report that the vendor no longer has the connection."""
    advice = CREATE_USER_FIRST if member.vendor_user.vendor_user_id is None else None
    _emit(outbound_webhooks.CONNECTION_GONE, member, advice=advice)


def _emit(event: str, member: Member, **data: Any) -> None:
    vendor_user = member.vendor_user
    links = account_links.current(member.tenant).filter(member=member)
    outbound_webhooks.emit(
        tenant_id=member.tenant_id,
        event=event,
        client_id=vendor_user.client_id,
        business_id=vendor_user.business_id,
        data={
            "connection_id": str(member.pk),
            "member_id": member.vendor_member_id,
            "institution_name": member.name,
            "connection_status": member.connection_status,
            "message": member.connection_message,
            "actor": member.actor,
            "next_step": member.next_step,
            "nucleus_aggregation_account_ids": [str(link.aggregation_account_id) for link in links],
            "widget_link": connection_state.widget_link_path(member),
            **data,
        },
    )
