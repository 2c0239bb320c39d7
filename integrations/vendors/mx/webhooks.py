"""MX's webhooks: hints about what to read again. Source: Atrium reference, "Webhooks"."""

from __future__ import annotations

from typing import Any

from integrations.vendors.mx.values import text
from integrations.vendors.records import SyncScope, WebhookEvent
from integrations.vendors.webhooks import BASIC_CHALLENGE, WebhookSpec, has_basic_secret

SCOPES = {
    "AGGREGATION": SyncScope.EVERYTHING,
    "BALANCE": SyncScope.BALANCES,
    "HISTORY": SyncScope.HISTORY,
    "STATEMENT": SyncScope.STATUS,
    "CONNECTION_STATUS": SyncScope.STATUS,
}


def parse(payload: Any) -> WebhookEvent | None:
    """What a webhook's JSON is about; None when it is nothing that MX documents.

    A type that is new since this was written is read as if everything had changed.
    """
    if not isinstance(payload, dict):
        return None
    kind = text(payload, "type", 64)
    if payload.get("action") == "test":
        return WebhookEvent(kind=kind or "TEST", is_test=True)
    # The reference's field table misspells the key once.
    member = text(payload, "member_guid") or text(payload, "memer_guid")
    if kind is None or member is None:
        return None
    return WebhookEvent(
        kind=kind,
        member_id=member,
        user_id=text(payload, "user_guid"),
        scope=SCOPES.get(kind, SyncScope.EVERYTHING),
    )


# MX signs nothing; its dashboard takes a user and a secret.
SPEC = WebhookSpec(verify=has_basic_secret, parse=parse, challenge=BASIC_CHALLENGE)
