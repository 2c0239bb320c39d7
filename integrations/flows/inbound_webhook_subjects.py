"""Whom inbound webhooks are about, and how staff find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from integrations.flows import owner_search
from integrations.models import InboundWebhook, Member, VendorUser
from nucleus.hydrogen.fields import uuid_of
from nucleus.models import Owner, Tenant

MAX_MEMBERS = 100
MAX_WEBHOOKS = 1000


@dataclass(frozen=True, slots=True)
class WebhookSubject:
    """The customer and the connection that a webhook names, if they are stored."""

    owner: Owner | None = None
    connection: Member | None = None


def subjects(webhooks: Sequence[InboundWebhook]) -> dict[UUID, WebhookSubject]:
    """The subject of each webhook by the webhook's id. Makes at most two queries."""
    member_ids = {row.vendor_member_id for row in webhooks} - {""}
    user_ids = {row.vendor_user_id for row in webhooks} - {""}
    members = (
        Member.unscoped.filter(vendor_member_id__in=member_ids).select_related(
            "vendor_user__client", "vendor_user__business", "institution"
        )
        if member_ids
        else []
    )
    users = (
        VendorUser.unscoped.filter(vendor_user_id__in=user_ids).select_related("client", "business")
        if user_ids
        else []
    )
    by_member = {
        (row.tenant_id, row.vendor_user.vendor, row.vendor_member_id): row for row in members
    }
    by_user = {(row.tenant_id, row.vendor, row.vendor_user_id): row for row in users}
    result = {}
    for webhook in webhooks:
        place = (webhook.tenant_id, webhook.vendor)
        member = by_member.get((*place, webhook.vendor_member_id))
        user = by_user.get((*place, webhook.vendor_user_id)) or (member and member.vendor_user)
        result[webhook.pk] = WebhookSubject(user.owner if user else None, member)
    return result


def search(
    webhooks: QuerySet[InboundWebhook], text: str, tenants: QuerySet[Tenant]
) -> QuerySet[InboundWebhook]:
    """Those of the newest LIST_WINDOW webhooks that the text finds, and the one with that id.

    Args:
        webhooks: those that the caller may see, newest first.
        text: a customer's name or id, a connection's id, a vendor's id, a request id or a kind.
        tenants: whose customers are looked through.
    """
    text, identifier = text.strip(), uuid_of(text.strip())
    owners = owner_search.owner_ids(text, tenants)
    own = VendorUser.unscoped.filter(tenant__in=tenants.order_by().values("pk"))
    users = own.filter(Q(client__in=owners) | Q(business__in=owners))[:MAX_MEMBERS]
    user_ids = {row.vendor_user_id for row in users} - {None}
    members = Member.unscoped.filter(
        Q(vendor_user__in=[row.pk for row in users]) | Q(pk=identifier),
        tenant__in=tenants.order_by().values("pk"),
    )
    member_ids = set(members.values_list("vendor_member_id", flat=True)[:MAX_MEMBERS])
    condition = (
        Q(vendor_member_id__in={*member_ids, text})
        | Q(vendor_user_id__in={*user_ids, text})
        | Q(request_id=text)
        | Q(kind__icontains=text)
    )
    window = webhooks.values("pk")[: settings.LIST_WINDOW]
    rows = InboundWebhook.objects.filter(condition, pk__in=window).order_by()
    ids = list(rows.values_list("pk", flat=True)[:MAX_WEBHOOKS])
    return webhooks.filter(Q(pk__in=ids) | Q(pk=identifier))
