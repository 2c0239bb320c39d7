"""Inbound webhooks: store them, and enqueue a job that reads the data from the vendor.

A webhook may be late, repeated, out of order or forged. So its content is never stored as records,
and it can only cause a read that the gateway would also do by schedule.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from integrations import sql
from integrations.flows import sync
from integrations.models import AggregationSettings, InboundWebhook, Member
from integrations.request_context import current_request_id
from integrations.vendors import records, registry
from integrations.vendors.webhooks import WebhookSecret
from nucleus import exact_json
from nucleus.models import Tenant

logger = logging.getLogger(__name__)
SILENT_AFTER = timedelta(hours=2)
RECENT = timedelta(days=3)

# Webhooks come in bursts; Django takes longer to compile a query than databases to answer it.
SETTINGS_AT = """
    SELECT s.id, s.tenant_id, s.webhook_user, s.webhook_secret,
        s.previous_webhook_user, s.previous_webhook_secret, s.previous_webhook_until
    FROM integrations_aggregationsettings s JOIN nucleus_tenant t ON t.id = s.tenant_id
    WHERE s.webhook_path = %s AND s.vendor = %s AND t.is_active
"""
MEMBER = """
    SELECT m.id, m.tenant_id, m.vendor_member_id, u.vendor_user_id AS known_user
    FROM integrations_member m JOIN integrations_vendoruser u ON u.id = m.vendor_user_id
    WHERE m.tenant_id = %s AND m.vendor_member_id = %s AND u.vendor = %s
"""


class Unreadable(ValueError):
    """The body is not JSON. The vendor gets a 400, since a repeat would fail too."""


def settings_at(path: str, vendor: str) -> AggregationSettings | None:
    """The settings whose webhook URL ends with `path`."""
    row = next(iter(AggregationSettings.unscoped.raw(SETTINGS_AT, [path, vendor])), None)
    if row is not None:
        row.tenant = Tenant.of_id(row.tenant_id)
    return row


def valid_secrets(row: AggregationSettings) -> list[WebhookSecret]:
    """The configured user and secret, and for a day those that they replaced."""
    secrets = [WebhookSecret(row.webhook_user, row.webhook_secret)]
    until = row.previous_webhook_until
    if until is not None and until > timezone.now():
        secrets.append(WebhookSecret(row.previous_webhook_user, row.previous_webhook_secret))
    return secrets


def receive(*, tenant: Tenant, vendor: str, body: bytes) -> InboundWebhook:
    """Store a webhook, and enqueue the sync of the connection that it concerns.

    Raises:
        Unreadable: the body is not JSON. Any JSON is stored, understood or not.
    """
    try:
        payload = exact_json.parse(body, strict=False)
    except exact_json.Malformed as error:
        raise Unreadable(f"The body cannot be read: {error}.") from None
    notice = registry.get(vendor).webhooks.parse(payload)
    row = InboundWebhook(
        tenant=tenant,
        vendor=vendor,
        body=body.decode("utf-8-sig").replace("\0", ""),
        digest=hashlib.sha256(body).hexdigest(),
        request_id=current_request_id.get(),
    )
    member, job = _classify(row, notice), None
    with transaction.atomic():
        row.save(force_insert=True)
        if member is not None and notice is not None:
            only_if_changed = notice.scope is records.SyncScope.EVERYTHING
            job = sync.enqueue(
                member=member,
                scope=notice.scope,
                only_if_changed=only_if_changed,
                debounce_seconds=settings.WEBHOOK_SETTLE_SECONDS,
            )
    logger.info("webhook %s %s: %s, %s", row.id, row.kind, row.state, job or row.note)
    return row


def _classify(row: InboundWebhook, notice: records.WebhookEvent | None) -> Member | None:
    """Fill in the row; returns the member that the webhook concerns, if the tenant has it."""
    State = InboundWebhook.State  # noqa: N806 - it is a class
    if notice is None:
        row.state, row.note = State.QUARANTINED, "Neither type nor member is named."
        return None
    row.kind = notice.kind
    row.vendor_member_id = notice.member_id or ""
    row.vendor_user_id = notice.user_id or ""
    if notice.is_test:
        row.state = State.TEST
        return None
    tenant_id = sql.parameter(Member, "tenant", row.tenant_id)
    known = Member.unscoped.raw(MEMBER, [tenant_id, row.vendor_member_id, row.vendor])
    member: Any = next(iter(known), None)  # with known_user
    if member is None:
        row.state = State.QUARANTINED
        row.note = "No client or business of this tenant has linked this member."
    elif notice.user_id not in (None, member.known_user):
        row.state = State.QUARANTINED
        row.note = "The member belongs to another user."
        return None
    else:
        member.tenant = row.tenant  # known already; its jobs ask for it
    owner_member: Member | None = member
    return owner_member


def silence(tenant: Tenant) -> str | None:
    """A warning for staff if the vendor imports data but sends no webhooks; else None."""
    newest = InboundWebhook.objects.filter(tenant=tenant).aggregate(at=Max("create_date"))["at"]
    imports = Member.objects.for_tenant(tenant).aggregate(at=Max("successfully_aggregated_at"))
    imported = imports["at"]
    now = timezone.now()
    if imported is None or imported < now - RECENT or imported > now - SILENT_AFTER:
        return None
    if newest is not None and newest >= imported - SILENT_AFTER:
        return None
    last = f"the last one came {newest:%Y-%m-%d %H:%M} UTC" if newest else "none has ever come"
    return (
        f"The vendor imported data at {imported:%Y-%m-%d %H:%M} UTC and sent no webhook for it; "
        f"{last}. Check the URL, user and secret in the vendor's dashboard. Until then changes "
        "arrive with the regular reconciliation only."
    )
