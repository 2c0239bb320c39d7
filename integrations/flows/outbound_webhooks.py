"""Events of a tenant, and their deliveries to its webhook subscriptions.

An event is stored in the transaction of the change that it reports. Each delivery is a job, whose
attempts all send the same event id and body.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import simplejson
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook

from integrations import outbound_http
from integrations.jobs import requeue
from integrations.jobs.job_data import JobData
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun, Reschedule
from integrations.models import Job, OutboundEvent, WebhookDelivery, WebhookSubscription
from nucleus.hydrogen.json_format import instant
from nucleus.models import Tenant

# Seconds to wait after the first, second, … attempt; 25.5 hours in total.
RETRY_DELAYS = (5, 60, 300, 1800, 7200, 18000, 28800, 36000)
HTTP_GONE = 410  # the receiver unsubscribes (Standard Webhooks)
MAX_LOGGED_ATTEMPTS = 20
MAX_REPLAYED = 10_000

ACCOUNT, TRANSACTION, HOLDING = (
    "async_aggregation_account",
    "async_aggregation_account_transaction",
    "async_aggregation_account_holding",
)
BALANCE, STATUS, VERIFIED = (
    "aggregation_account_balance",
    "aggregation_account_status",
    "bank_link_verified",
)
# Events that Hydrogen does not have.
CONNECTION_CREATED, CONNECTION_REPAIRED, CONNECTION_GONE = (
    "connection_created",
    "connection_repaired",
    "connection_gone",
)
ACCOUNT_ADDED, ACCOUNT_CLOSED, POSSIBLE_DUPLICATE = (
    "aggregation_account_added",
    "aggregation_account_closed",
    "aggregation_account_possible_duplicate",
)
TRANSACTION_WITHDRAWN, UNVERIFIED = (
    "aggregation_account_transaction_withdrawn",
    "bank_link_unverified",
)
# Hydrogen's enum, exactly: its SDKs refuse any other value, as
# docs/hydrogen-contract.md#integration-endpoints says.
SERVICES = (
    "kyc", "kyc_status", "async_accounting_customer", "async_accounting_supplier",
    "async_accounting_customer_revenue", "async_accounting_invoice", "async_accounting_bill",
    "async_accounting_invoice_payment", ACCOUNT, TRANSACTION, HOLDING,
)  # fmt: skip
EXTENDED = (
    BALANCE, STATUS, VERIFIED, CONNECTION_CREATED, CONNECTION_REPAIRED, CONNECTION_GONE,
    ACCOUNT_ADDED, ACCOUNT_CLOSED, POSSIBLE_DUPLICATE, TRANSACTION_WITHDRAWN, UNVERIFIED,
)  # fmt: skip
TRANSACTION_STATUS = "aggregation_account_transaction_status"
TEST = "webhook_test"  # sent by staff only; no subscription names it
# Names of the same events in the Nucleus API; the other events have one name in both APIs.
NUCLEUS_NAMES = {
    ACCOUNT: "aggregation_account",
    TRANSACTION: "aggregation_account_transaction",
    HOLDING: "aggregation_account_holding",
}
# Nucleus's enum, exactly (docs/hydrogen-contract.md#nucleus-endpoints). Most of its events concern
# data that the gateway does not store: subscriptions may name them, but they are never sent.
ATOM_SERVICES = (
    "client", "client_status", "account_status", "account", "card", "card_status",
    "portfolio_asset_size", "portfolio_transaction", "portfolio_transaction_status",
    "portfolio_holding", NUCLEUS_NAMES[ACCOUNT], STATUS, "notification_client", BALANCE,
    "audit_log", "support_ticket", "feature_track", NUCLEUS_NAMES[TRANSACTION],
    TRANSACTION_STATUS, NUCLEUS_NAMES[HOLDING], "order_track", "funding", "funding_status",
    "budget", "document", "client_response", "client_verified", "document_verified", VERIFIED,
)  # fmt: skip


def emit(
    *,
    tenant_id: uuid.UUID,
    event: str,
    client_id: uuid.UUID | None,
    business_id: uuid.UUID | None = None,
    account_id: uuid.UUID | None = None,
    data: Mapping[str, Any],
    is_stored: bool = True,
) -> None:
    """Store an event and its deliveries to the active subscriptions, in the caller's transaction.

    Args:
        event: its name in the Integration API.
        is_stored: rows of Nucleus have changed, so Nucleus webhooks receive the event, too.
    """
    active = list(WebhookSubscription.objects.for_tenant(tenant_id).filter(is_active=True))
    for name in (event, NUCLEUS_NAMES.get(event) if is_stored else None):
        subscriptions = [row for row in active if name in row.events]
        if name and subscriptions:
            ids = {"client": client_id, "business": business_id, "aggregation_account": account_id}
            _publish(tenant_id, name, subscriptions, ids, data)


def _publish(
    tenant_id: uuid.UUID,
    event: str,
    subscriptions: Iterable[WebhookSubscription],
    ids: Mapping[str, uuid.UUID | None],
    data: Mapping[str, Any],
) -> list[WebhookDelivery]:
    owner_id = ids["client"] or ids["business"]
    row = OutboundEvent(tenant_id=tenant_id, type=event, owner_id=owner_id)
    row.payload = simplejson.dumps(
        {
            "id": str(row.id),
            "event": event,
            **{f"nucleus_{name}_id": str(value) if value else None for name, value in ids.items()},
            "data": data,
            "create_date": instant(timezone.now()),
        },
        use_decimal=True,
        default=str,
    )
    row.save(force_insert=True)
    deliveries = []
    for subscription in subscriptions:
        delivery = WebhookDelivery(tenant_id=tenant_id, event=row, subscription=subscription)
        delivery.save(force_insert=True)
        _enqueue(delivery)
        deliveries.append(delivery)
    return deliveries


def publish_test(subscription: WebhookSubscription) -> WebhookDelivery:
    """Store an event that says nothing, and its delivery to this subscription alone."""
    ids: dict[str, uuid.UUID | None] = dict.fromkeys(("client", "business", "aggregation_account"))
    data = {"message": "Staff of the gateway sent this event to test the webhook."}
    with transaction.atomic():
        (delivery,) = _publish(subscription.tenant_id, TEST, [subscription], ids, data)
    return delivery


def _enqueue(delivery: WebhookDelivery) -> Job:
    return DELIVER_WEBHOOK.enqueue(
        tenant=Tenant(pk=delivery.tenant_id), payload=DeliverPayload(delivery_id=str(delivery.pk))
    )


@dataclass(frozen=True)
class DeliverPayload(JobData):
    """The WebhookDelivery to make an attempt at."""

    delivery_id: str


@dataclass(frozen=True)
class DeliverProgress(JobData):
    """How many attempts have failed."""

    tried: int = 0


def run_job(run: JobRun, payload: DeliverPayload) -> None:
    """Make one attempt; a failure reschedules the job until RETRY_DELAYS are used."""
    rows = WebhookDelivery.objects.for_tenant(run.tenant).select_related("event", "subscription")
    delivery = rows.filter(pk=payload.delivery_id).first()
    if delivery is None or delivery.state == WebhookDelivery.State.DELIVERED:
        return
    if not delivery.subscription.is_active:
        _finish(run, delivery, WebhookDelivery.State.FAILED)
        return
    began = timezone.now()
    reply = _send(delivery, began)
    seconds = round((timezone.now() - began).total_seconds(), 3)
    attempt = {
        "at": began.isoformat(),
        "status": reply.status,
        "error": reply.error,
        "seconds": seconds,
    }
    delivery.attempts = [*delivery.attempts, attempt][-MAX_LOGGED_ATTEMPTS:]
    if reply.status is not None and 200 <= reply.status < 300:
        _finish(run, delivery, WebhookDelivery.State.DELIVERED)
        return
    attempts = run.progress(DeliverProgress).tried + 1
    if reply.status == HTTP_GONE:
        WebhookSubscription.objects.for_tenant(run.tenant).filter(
            pk=delivery.subscription_id
        ).update(is_active=False)
    if reply.status == HTTP_GONE or attempts > len(RETRY_DELAYS):
        _finish(run, delivery, WebhookDelivery.State.FAILED)
        return
    with transaction.atomic():
        run.renew(DeliverProgress(tried=attempts))
        delivery.save(update_fields=["attempts", "update_date"])
    outcome = f"HTTP {reply.status}" if reply.status is not None else reply.error
    raise Reschedule(
        RETRY_DELAYS[attempts - 1],
        f"attempt {attempts} of {len(RETRY_DELAYS) + 1} failed: {outcome}",
    )


DELIVER_WEBHOOK = JobKind(
    name="deliver_webhook",
    label="Deliver an event",
    queue=Queue.WEBHOOK,
    payload_type=DeliverPayload,
    handler=run_job,
    key=lambda payload: payload.delivery_id,
    calls_vendor=False,
    is_cancelable=False,
)


def _finish(run: JobRun, delivery: WebhookDelivery, state: str) -> None:
    delivery.state, delivery.finished_at = state, timezone.now()
    with run.completion():
        delivery.save(update_fields=["state", "attempts", "finished_at", "update_date"])


def _send(delivery: WebhookDelivery, now: datetime) -> outbound_http.Reply:
    subscription, payload = delivery.subscription, delivery.event.payload
    if problem := outbound_http.webhook_url_error(subscription.url):
        return outbound_http.Reply(None, problem[:64])
    headers = signature_headers(
        payload, str(delivery.event_id), now, _valid_secrets(subscription, now)
    )
    return outbound_http.post(subscription.url, body=payload.encode(), headers=headers)


def _valid_secrets(subscription: WebhookSubscription, now: datetime) -> list[str]:
    """The secrets to sign with, newest first."""
    until = subscription.previous_secret_until
    overlaps = until is not None and until > now and subscription.previous_secret
    return [subscription.secret, *([subscription.previous_secret] if overlaps else [])]


def signature_headers(
    payload: str, event_id: str, now: datetime, secrets: Iterable[str]
) -> dict[str, str]:
    """The headers of Standard Webhooks, and Hydrogen's own signature with the first secret.

    Source: standardwebhooks.com, specification 1.0; docs/hydrogen-contract.md#webhooks.
    """
    newest_first = list(secrets)
    signatures = [Webhook(secret).sign(event_id, now, payload) for secret in newest_first]
    hydrogen_signature = hmac.new(
        newest_first[0].encode(), payload.encode(), hashlib.sha256
    ).hexdigest()
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
        "X-Hydrogen-Signature": f"sha256={hydrogen_signature}",
    }


def replay(deliveries: Iterable[WebhookDelivery], *, only_failed: bool = False) -> int:
    """Send the deliveries again; returns how many. Event ids are kept.

    Args:
        only_failed: leave out those that are not given up any more, because somebody else was
            quicker; otherwise their state does not matter.
    """
    count = 0
    for delivery in deliveries:
        rows = WebhookDelivery.objects.for_tenant(delivery.tenant_id).filter(pk=delivery.pk)
        if only_failed:
            rows = rows.filter(state=WebhookDelivery.State.FAILED)
        with transaction.atomic():
            if not rows.update(state=WebhookDelivery.State.WAITING, finished_at=None):
                continue
            requeue.run_now(_enqueue(delivery), progress={})
        count += 1
    return count


def deliveries_between(
    *, tenant: Tenant, since: datetime, until: datetime
) -> list[WebhookDelivery]:
    """The tenant's deliveries created in [since, until), oldest first, at most MAX_REPLAYED."""
    rows = WebhookDelivery.objects.for_tenant(tenant).filter(
        create_date__gte=since, create_date__lt=until
    )
    return list(rows.order_by("create_date", "id")[:MAX_REPLAYED])
