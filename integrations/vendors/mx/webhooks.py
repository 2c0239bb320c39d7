"""MX's webhooks: hints about what to read again.

Sources: Atrium reference, "Webhooks"; docs.mx.com/resources/webhooks. Both APIs send the events of
imports (`member_data_updated`, `CHANGED`). Platform also sends objects whenever they are created,
updated or deleted: the object itself, flat, with `action` and a `revision` that counts up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from integrations.vendors.mx.values import number, text
from integrations.vendors.records import SyncScope, WebhookEvent
from integrations.vendors.webhooks import BASIC_CHALLENGE, WebhookSpec, has_basic_secret

SCOPES: Final = {
    "AGGREGATION": SyncScope.EVERYTHING,
    "BALANCE": SyncScope.BALANCES,
    "HISTORY": SyncScope.HISTORY,
    "STATEMENT": SyncScope.STATUS,
    "CONNECTION_STATUS": SyncScope.STATUS,
    "INITIAL_DATA_READY": SyncScope.EVERYTHING,
}
WITH_EVENT_ID: Final = {"INITIAL_DATA_READY"}  # `guid` is the webhook's own
OBJECTS: Final = {
    "MBR": "MEMBER", "ACT": "ACCOUNT", "TRN": "TRANSACTION", "HOL": "HOLDING", "USR": "USER",
    "JOB": "JOB",
}  # fmt: skip
OBJECT_SCOPES: Final = {"MEMBER deleted": SyncScope.STATUS, "USER": SyncScope.STATUS}
GUID: Final = re.compile(r"([A-Z]{2,4})-[A-Za-z0-9_-]+")
WORD: Final = re.compile(r"[A-Za-z][A-Za-z_]{0,63}")
PLAIN_VALUE: Final = re.compile(r"[A-Za-z0-9_.:+-]{1,64}")
# What may be stored. The objects of Platform are people's accounts and transactions.
PLAIN_KEYS: Final = frozenset(
    {
        "action", "type", "version", "revision",
        "guid", "client_guid", "user_guid", "member_guid", "memer_guid", "account_guid", "job_guid",
        "created_at", "updated_at", "deleted_at", "completed_at", "completed_on", "aggregated_at",
        "successfully_aggregated_at",
        "connection_status", "connection_status_id", "is_background",
        "transactions_created_count", "transactions_updated_count", "statements_created_count",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a webhook is: an event of a `type`, or something that happened to an object."""

    name: str
    scope: SyncScope
    guid_prefix: str = ""  # of objects


def parse(payload: Any) -> WebhookEvent | None:
    """What a webhook's JSON is about; None when it names no member, account or user.

    A type that is new since this was written is read as if everything had changed.
    """
    if not isinstance(payload, dict):
        return None
    if _word(payload, "action").lower() == "test":
        return WebhookEvent(kind=_word(payload, "type") or "TEST", is_test=True)
    kind, guid = _kind(payload), text(payload, "guid")
    # The reference's field table misspells the key once.
    member = text(payload, "member_guid") or text(payload, "memer_guid")
    user, account = text(payload, "user_guid"), None
    if kind.guid_prefix == "MBR":
        member = member or guid
    elif kind.guid_prefix == "USR":
        member, user = None, guid
    elif member is None:  # holdings of Platform name their account only
        account = guid if kind.guid_prefix == "ACT" else text(payload, "account_guid")
        if account is None:
            return None
    subject, revision = _position(payload, kind)
    return WebhookEvent(
        kind=kind.name,
        member_id=member,
        account_id=account,
        user_id=user,
        scope=kind.scope,
        subject=subject,
        revision=revision,
    )


def redact(payload: Any) -> dict[str, Any]:
    """The payload without data of people: ids, time stamps, counts and statuses."""
    if not isinstance(payload, dict):
        return {}
    return {
        key: value
        for key, value in payload.items()
        if key in PLAIN_KEYS
        and (isinstance(value, int) or (isinstance(value, str) and PLAIN_VALUE.fullmatch(value)))
    }


def _kind(payload: dict[str, Any]) -> _Kind:
    """The kind; the `type` of an object is its own ("CHECKING", "DEBIT") and says nothing."""
    event, action = _word(payload, "type"), _word(payload, "action")
    if scope := SCOPES.get(event.upper()):
        return _Kind(event, scope)
    match = GUID.fullmatch(text(payload, "guid") or "")
    if match is None:
        return _Kind(event or action or "UNKNOWN", SyncScope.EVERYTHING)
    prefix = match[1]
    name = OBJECTS.get(prefix, prefix)
    kind = f"{name} {action.lower()}".strip()[:64]
    scope = OBJECT_SCOPES.get(kind) or OBJECT_SCOPES.get(name) or SyncScope.EVERYTHING
    return _Kind(kind, scope, prefix)


def _position(payload: dict[str, Any], kind: _Kind) -> tuple[str | None, int]:
    """What is counted by revisions, and which of them this is; None if it is not numbered."""
    guid, revision = text(payload, "guid"), number(payload, "revision")
    if kind.name.upper() in WITH_EVENT_ID:
        return guid, 0
    if kind.guid_prefix and revision is not None and revision >= 0:
        return guid, int(revision)
    return None, 0


def _word(payload: dict[str, Any], name: str) -> str:
    value = text(payload, name, 64) or ""
    return value if WORD.fullmatch(value) else ""


# MX signs nothing; its dashboard takes a user and a secret.
SPEC = WebhookSpec(verify=has_basic_secret, parse=parse, redact=redact, challenge=BASIC_CHALLENGE)
