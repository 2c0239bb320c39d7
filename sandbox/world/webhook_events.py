"""The bodies of MX's webhooks; webhook_sender delivers them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.world import statuses
from sandbox.world.data import Counts
from sandbox.world.ids import guid, new
from sandbox.world.institutions import INSTITUTIONS
from sandbox.world.json_format import dump_exact
from sandbox.world.models import Delivery, Member, Webhook
from sandbox.world.webhook_types import INITIAL_DATA_READY, PLATFORM

CLIENT = guid("CLT", "client")
CALLBACK_HEADER = "X-CALLBACK-PAYLOAD"


def callback_headers(member: Member) -> dict[str, str]:
    """The header that Platform repeats from the request that began it."""
    payload = member.callback_payload
    return {CALLBACK_HEADER: payload} if payload else {}


def initial_data_ready(member: Member, at: datetime) -> None:
    """The first import of a member has brought data."""
    payload = {
        "type": INITIAL_DATA_READY.lower(),
        "guid": new("WHK").removeprefix("WHK-"),
        "client_guid": CLIENT,
        "user_guid": member.user.guid,
        "member_guid": member.guid,
    }
    _post(INITIAL_DATA_READY, payload, at)


def post_object(
    event_type: str, payload: dict[str, Any], at: datetime, headers: Mapping[str, str] | None
) -> None:
    """Something happened to an object; Platform sends the object itself."""
    _post(event_type, payload, at, headers)


def job_done(member: Member, at: datetime, counts: Counts, statements: int) -> None:
    """A job succeeded; MX sends nothing for verification and identification."""
    payload: dict[str, Any] = {
        "action": "member_data_updated",
        "completed_at": int(at.timestamp()),
        "completed_on": at.date().isoformat(),
        "member_guid": member.guid,
        "type": member.job,
        "user_guid": member.user.guid,
    }
    changes = {
        "transactions_created_count": counts.created,
        "transactions_updated_count": counts.updated,
    }
    if member.job == "AGGREGATION":
        job_fields = {"is_background": member.is_background, "job_guid": new("JOB")}
        payload |= changes | job_fields | {"user_id": member.user.identifier}
    elif member.job == "HISTORY":
        payload |= changes
    elif member.job == "STATEMENT":
        payload["statements_created_count"] = statements
    elif member.job != "BALANCE":
        return
    _post(member.job, payload, at, callback_headers(member))


def status_changed(member: Member, at: datetime) -> None:
    """The end user can do something about this member."""
    status = member.connection_status
    bank = INSTITUTIONS[member.institution_code].name
    payload = {
        "action": "CHANGED",
        "connection_status": status,
        "connection_status_id": statuses.STATUSES.index(status),
        "connection_status_message": statuses.message(status, bank),
        "member_guid": member.guid,
        "type": "CONNECTION_STATUS",
        "user_guid": member.user.guid,
    }
    _post("CONNECTION_STATUS", payload, at)


def test(webhook: Webhook, event_type: str, at: datetime) -> Delivery:
    """MX's special test webhook for one type."""
    payload = {"action": "test", event_type.lower(): {}, "version": 1}
    return _enqueue(webhook, event_type, payload, at)


def _post(
    event_type: str,
    payload: dict[str, Any],
    at: datetime,
    headers: Mapping[str, str] | None = None,
) -> None:
    sorted_payload = dict(sorted(payload.items()))
    for webhook in Webhook.objects.order_by("pk"):
        if event_type in webhook.types:
            _enqueue(webhook, event_type, sorted_payload, at, headers)


def _enqueue(
    webhook: Webhook,
    event_type: str,
    payload: dict[str, Any],
    at: datetime,
    headers: Mapping[str, str] | None = None,
) -> Delivery:
    return Delivery.objects.create(
        webhook=webhook,
        type=event_type,
        payload=dump_exact(payload),
        headers=dict(headers or {}) if webhook.api == PLATFORM else {},
        created_at=at,
        due_at=at,
    )
