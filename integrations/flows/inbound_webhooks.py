"""Inbound webhooks: store them, and enqueue a job that reads the data from the vendor.

A webhook may be late, repeated, out of order or forged. So its content is never stored as records:
it only triggers a sync, which the gateway would also run by schedule.
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from integrations.flows import adoption, extended_history, inbound_webhook_queries, sync
from integrations.models import (
    AccountLink,
    AggregationSettings,
    InboundWebhook,
    Job,
    Member,
    VendorUser,
)
from integrations.request_context import current_request_id
from integrations.vendors import records, registry
from integrations.vendors.webhooks import WebhookSecret
from nucleus import exact_json
from nucleus.models import Tenant

logger = logging.getLogger(__name__)
State = InboundWebhook.State
MAX_WEBHOOK_DELAY = timedelta(hours=2)  # between an import and its webhook
MAX_IMPORT_AGE = timedelta(days=3)
# Vendors repeat for a day at most. Beyond it a forged revision must not hide true ones.
REPEAT_WINDOW = timedelta(days=1)
UNHANDLED = (State.EARLY, State.GONE, State.QUARANTINED)  # nothing was read because of them
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

    Returns:
        The row of the webhook, or the one that was stored when the same or a later change of its
        subject was reported.

    Raises:
        Unreadable: the body is not JSON. Any JSON is stored, understood or not.
    """
    try:
        payload = exact_json.parse(body, strict=False)
    except exact_json.Malformed as error:
        raise Unreadable(f"The body cannot be read: {error}.") from None
    webhooks = registry.get(vendor).webhooks
    event = webhooks.parse(payload)
    row = InboundWebhook(
        tenant=tenant,
        vendor=vendor,
        body=json.dumps(webhooks.redact(payload)),
        digest=hashlib.sha256(body).hexdigest(),
        request_id=current_request_id.get(),
    )
    member = _match_member(row, event)
    if (stored := _later_or_same(row)) is not None:
        logger.info("webhook %s: %s was received again, or late", stored.id, row.kind)
        return stored
    job = _store(row, event, member)
    logger.info("webhook %s %s: %s, %s", row.id, row.kind, row.state, job or row.note)
    return row


def handle_again(row: InboundWebhook) -> State:
    """Do what was done when the webhook was received, with what is linked now; its state then.

    The connection is read by a job. A webhook that is still too early, or not understood, stays so.
    """
    event = registry.get(row.vendor).webhooks.parse(exact_json.parse(row.body, strict=False))
    row.state, row.note, row.handled_at = State.RECEIVED, "", None
    member = _match_member(row, event)
    _store(row, event, member, is_new=False)
    logger.info("webhook %s %s, again: %s", row.id, row.kind, row.state)
    return State(row.state)


def _store(
    row: InboundWebhook,
    event: records.WebhookEvent | None,
    member: Member | None,
    *,
    is_new: bool = True,
) -> Job | None:
    """Save the row with the job that it calls for; returns the job, if it calls for one."""
    job = None
    unreported = None if member or row.state != State.RECEIVED else _user_of(row)
    with transaction.atomic():
        if event is not None and event.is_about_user:
            _check_user(row)
        row.save(force_insert=is_new)
        if unreported is not None:
            job = adoption.enqueue(
                vendor_user=unreported,
                vendor_member_id=row.vendor_member_id,
                delay=settings.WEBHOOK_SETTLE_SECONDS * ADOPTION_DELAY_FACTOR if is_new else 0,
            )
        if member is not None and event is not None:
            only_if_changed = event.scope is records.SyncScope.EVERYTHING
            if event.scope is records.SyncScope.HISTORY:  # whoever has asked for it
                extended_history.remember(member)
            job = sync.enqueue(
                member=member,
                scope=event.scope,
                only_if_changed=only_if_changed,
                debounce_seconds=settings.WEBHOOK_SETTLE_SECONDS,
            )
    return job


def _match_member(row: InboundWebhook, event: records.WebhookEvent | None) -> Member | None:
    """Fill in the row; returns the member that the webhook concerns, if the tenant has it."""
    if event is None:
        row.state, row.note = State.QUARANTINED, "It names no connection, account or user."
        return None
    row.kind = event.kind
    row.vendor_member_id = event.member_id or ""
    row.vendor_user_id = event.user_id or ""
    row.subject, row.revision = event.subject or "", event.revision
    if event.is_test:
        row.state = State.TEST
        return None
    if event.is_about_user:
        row.state = State.HANDLED  # its connections are read, or there are none
        return None
    if event.account_id is not None:
        row.vendor_member_id = _member_of_account(row, event.account_id)
    match = inbound_webhook_queries.member_with_user(row.tenant, row.vendor, row.vendor_member_id)
    if match is None:
        return None  # perhaps nobody has reported it yet
    member, vendor_user_id = match
    if event.user_id not in (None, vendor_user_id):
        row.state = State.QUARANTINED
        row.note = "The member belongs to another user."
        return None
    return member


def _member_of_account(row: InboundWebhook, account_id: str) -> str:
    """The vendor's id of the connection that the account is linked with; empty if it is not."""
    links = AccountLink.objects.for_tenant(row.tenant).filter(
        vendor=row.vendor, vendor_account_id=account_id, ended_at=None
    )
    return links.values_list("vendor_member_id", flat=True).first() or ""


def _user_of(row: InboundWebhook) -> VendorUser | None:
    """The tenant's vendor user whose connection nobody has reported; None: the row says why."""
    vendor_user = (
        VendorUser.objects.for_tenant(row.tenant)
        .filter(vendor=row.vendor, vendor_user_id=row.vendor_user_id or None)
        .select_related("tenant")
        .first()
    )
    links = AccountLink.objects.for_tenant(row.tenant).filter(
        vendor=row.vendor, vendor_member_id=row.vendor_member_id
    )
    if not row.vendor_member_id:
        row.state = State.EARLY
        row.note = "No client or business of this tenant has linked this account."
    elif vendor_user is None:
        row.state = State.EARLY
        row.note = "No client or business of this tenant has linked this member."
    elif links.exists():
        row.state = State.GONE
        row.note = "The tenant has deleted this connection."
    else:
        return vendor_user
    return None


def _later_or_same(row: InboundWebhook) -> InboundWebhook | None:
    """The row that makes this one superfluous: the same change of its subject, or a later one."""
    if not row.subject:
        return None
    is_same = Q(revision=row.revision, kind=row.kind)
    return (
        InboundWebhook.objects.filter(
            is_same | Q(revision__gt=row.revision),
            tenant=row.tenant,
            vendor=row.vendor,
            subject=row.subject,
            create_date__gte=timezone.now() - REPEAT_WINDOW,
        )
        .exclude(state__in=UNHANDLED)
        .first()
    )


def _check_user(row: InboundWebhook) -> None:
    """Read the connections of a vendor user that was deleted or disabled, or seems so."""
    members = (
        Member.objects.for_tenant(row.tenant)
        .filter(
            Q(vendor_user__vendor_user_id=row.vendor_user_id)
            | Q(vendor_user__missing_vendor_user_id=row.vendor_user_id),
            vendor_user__vendor=row.vendor,
        )
        .select_related("tenant", "vendor_user")
    )
    for member in members.order_by("pk"):
        sync.enqueue(
            member=member,
            scope=records.SyncScope.STATUS,
            debounce_seconds=settings.WEBHOOK_SETTLE_SECONDS,
        )
    row.handled_at = timezone.now()


def missing_webhooks_warning(tenant: Tenant) -> str | None:
    """A warning for staff if the vendor imports data but sends no webhooks; otherwise None."""
    now = timezone.now()
    plausible = Member.objects.for_tenant(tenant).filter(successfully_aggregated_at__lte=now)
    imports = plausible.aggregate(at=Max("successfully_aggregated_at"))
    return silence_since(tenant, imports["at"])


def silence_since(tenant: Tenant, imported: datetime | None) -> str | None:
    """The warning about an import, if none of the tenant's webhooks came with it or later."""
    now = timezone.now()
    if imported is None or imported < now - MAX_IMPORT_AGE or imported > now - MAX_WEBHOOK_DELAY:
        return None
    newest = InboundWebhook.objects.filter(tenant=tenant).aggregate(at=Max("create_date"))["at"]
    if newest is not None and newest >= imported - MAX_WEBHOOK_DELAY:
        return None
    last = (
        f"the last one arrived at {newest:%Y-%m-%d %H:%M} UTC" if newest else "none has arrived yet"
    )
    return (
        f"The vendor imported data at {imported:%Y-%m-%d %H:%M} UTC and sent no webhook for it; "
        f"{last}. Check the URL, user and secret in the vendor's dashboard. Until then new data "
        f"arrives with the regular check only, every {settings.RECONCILE_HOURS:g} hours."
    )
