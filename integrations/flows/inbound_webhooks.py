"""Inbound webhooks: store them, and enqueue a job that reads the data from the vendor.

A webhook may be late, repeated, out of order or forged. So its content is never stored as records:
it only triggers a sync, which the gateway would also run by schedule.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from integrations.flows import adoption, inbound_webhook_queries, sync
from integrations.models import (
    AccountLink,
    AggregationSettings,
    InboundWebhook,
    Member,
    VendorUser,
)
from integrations.request_context import current_request_id
from integrations.vendors import records, registry
from integrations.vendors.webhooks import WebhookSecret
from nucleus import exact_json
from nucleus.models import Tenant

logger = logging.getLogger(__name__)
MAX_WEBHOOK_DELAY = timedelta(hours=2)  # between an import and its webhook
MAX_IMPORT_AGE = timedelta(days=3)
ADOPTION_DELAY_FACTOR = 20  # of the settling time: apps report a connection within seconds


class Unreadable(ValueError):
    """The body is not JSON. The vendor gets a 400, since a repeat would fail too."""


def valid_secrets(row: AggregationSettings) -> list[WebhookSecret]:
    """The configured user and secret, and for a day those that they replaced."""
    secrets = [WebhookSecret(row.webhook_user, row.webhook_secret)]
    until = row.previous_webhook_until
    if until is not None and until > timezone.now():
        secrets.append(WebhookSecret(row.previous_webhook_user, row.previous_webhook_secret))
    return secrets


def receive(*, tenant: Tenant, vendor: str, body: bytes) -> InboundWebhook:
    """Store a webhook, and enqueue the sync or the adoption of the connection that it concerns.

    Raises:
        Unreadable: the body is not JSON. Any JSON is stored, understood or not.
    """
    try:
        payload = exact_json.parse(body, strict=False)
    except exact_json.Malformed as error:
        raise Unreadable(f"The body cannot be read: {error}.") from None
    event = registry.get(vendor).webhooks.parse(payload)
    row = InboundWebhook(
        tenant=tenant,
        vendor=vendor,
        body=body.decode("utf-8-sig").replace("\0", ""),
        digest=hashlib.sha256(body).hexdigest(),
        request_id=current_request_id.get(),
    )
    member, job = _match_member(row, event), None
    unreported = None if member or row.state != InboundWebhook.State.RECEIVED else _user_of(row)
    with transaction.atomic():
        row.save(force_insert=True)
        if unreported is not None:
            job = adoption.enqueue(
                vendor_user=unreported,
                vendor_member_id=row.vendor_member_id,
                delay=settings.WEBHOOK_SETTLE_SECONDS * ADOPTION_DELAY_FACTOR,
            )
        if member is not None and event is not None:
            only_if_changed = event.scope is records.SyncScope.EVERYTHING
            job = sync.enqueue(
                member=member,
                scope=event.scope,
                only_if_changed=only_if_changed,
                debounce_seconds=settings.WEBHOOK_SETTLE_SECONDS,
            )
    logger.info("webhook %s %s: %s, %s", row.id, row.kind, row.state, job or row.note)
    return row


def _match_member(row: InboundWebhook, event: records.WebhookEvent | None) -> Member | None:
    """Fill in the row; returns the member that the webhook concerns, if the tenant has it."""
    State = InboundWebhook.State  # noqa: N806 - it is a class
    if event is None:
        row.state, row.note = State.QUARANTINED, "Neither type nor member is named."
        return None
    row.kind = event.kind
    row.vendor_member_id = event.member_id or ""
    row.vendor_user_id = event.user_id or ""
    if event.is_test:
        row.state = State.TEST
        return None
    match = inbound_webhook_queries.member_with_user(row.tenant, row.vendor, row.vendor_member_id)
    if match is None:
        return None  # perhaps nobody has reported it yet
    member, vendor_user_id = match
    if event.user_id not in (None, vendor_user_id):
        row.state = State.QUARANTINED
        row.note = "The member belongs to another user."
        return None
    return member


def _user_of(row: InboundWebhook) -> VendorUser | None:
    """The tenant's vendor user whose connection nobody has reported; None quarantines the row."""
    vendor_user = (
        VendorUser.objects.for_tenant(row.tenant)
        .filter(vendor=row.vendor, vendor_user_id=row.vendor_user_id or None)
        .select_related("tenant")
        .first()
    )
    links = AccountLink.objects.for_tenant(row.tenant).filter(
        vendor=row.vendor, vendor_member_id=row.vendor_member_id
    )
    if vendor_user is None:
        row.note = "No client or business of this tenant has linked this member."
    elif links.exists():
        row.note = "The tenant has deleted this connection."
    else:
        return vendor_user
    row.state = InboundWebhook.State.QUARANTINED
    return None


def missing_webhooks_warning(tenant: Tenant) -> str | None:
    """A warning for staff if the vendor imports data but sends no webhooks; otherwise None."""
    newest = InboundWebhook.objects.filter(tenant=tenant).aggregate(at=Max("create_date"))["at"]
    now = timezone.now()
    plausible = Member.objects.for_tenant(tenant).filter(successfully_aggregated_at__lte=now)
    imports = plausible.aggregate(at=Max("successfully_aggregated_at"))
    imported = imports["at"]
    if imported is None or imported < now - MAX_IMPORT_AGE or imported > now - MAX_WEBHOOK_DELAY:
        return None
    if newest is not None and newest >= imported - MAX_WEBHOOK_DELAY:
        return None
    last = (
        f"the last one arrived at {newest:%Y-%m-%d %H:%M} UTC" if newest else "none has arrived yet"
    )
    return (
        f"The vendor imported data at {imported:%Y-%m-%d %H:%M} UTC and sent no webhook for it; "
        f"{last}. Check the URL, user and secret in the vendor's dashboard. Until then changes "
        "arrive with the regular reconciliation only."
    )
