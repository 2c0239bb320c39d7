"""MX Platform's webhooks about objects: what was created, updated or deleted.

Each says the object as it is now, flat, and its `revision`, which counts up. `ObjectRevision` has
the state that was reported last; nothing is stored while no webhook wants objects.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from sandbox.world import clock, statuses, webhook_events
from sandbox.world.institutions import INSTITUTIONS
from sandbox.world.json_format import dump_exact, load_exact
from sandbox.world.models import (
    Account,
    Holding,
    Member,
    ObjectRevision,
    Transaction,
    User,
    Webhook,
)
from sandbox.world.webhook_types import OBJECTS

TYPES = {prefix: name for name, prefix in OBJECTS.items()}
MODELS: dict[str, type[Account | Transaction | Holding]] = {
    "ACT": Account, "TRN": Transaction, "HOL": Holding,
}  # fmt: skip
RENAMED = {"ACT": {"type": "account_type", "subtype": "account_subtype"}}
Objects = dict[str, dict[str, Any]]  # by guid


def sent_prefixes() -> set[str]:
    """Prefixes of the guids of objects that any webhook gets."""
    types = {name for row in Webhook.objects.all() for name in row.types}
    return {prefix for name, prefix in OBJECTS.items() if name in types}


def track_existing() -> None:
    """Take what exists as reported, so that new registrations get changes only."""
    prefixes = sent_prefixes()
    for user in User.objects.order_by("pk"):
        _report({user.guid: user_object(user)}, [user.guid], clock.now(), silently=True)
    for member in Member.objects.select_related("user").order_by("pk"):
        objects = member_objects(member, prefixes)
        _report(objects, _tracked(member, prefixes), clock.now(), silently=True)


def member_changed(member: Member, at: datetime) -> None:
    """Report what has changed of a member and its data since the last report."""
    prefixes = sent_prefixes()
    if member.pk and prefixes:
        headers = webhook_events.callback_headers(member)
        objects = member_objects(member, prefixes)
        _report(objects, _tracked(member, prefixes), at, member_headers=headers)


@receiver(post_save, sender=User)
def user_saved(instance: User, **_: object) -> None:
    """A user was created or changed."""
    if "USR" in sent_prefixes():
        _report({instance.guid: user_object(instance)}, [instance.guid], clock.now())


@receiver(post_save, sender=Member)
def member_saved(instance: Member, created: bool, **_: object) -> None:  # noqa: FBT001
    """A member was created; what its jobs change is reported when they end."""
    if created:
        member_changed(instance, clock.now())


@receiver(post_delete, sender=User)
@receiver(post_delete, sender=Member)
def deleted(instance: User | Member, **_: object) -> None:
    """A user or member was deleted. MX reports no deletion of what it had."""
    if sent_prefixes():
        _report({}, [instance.guid], clock.now())
        ObjectRevision.objects.filter(member=instance.guid).exclude(guid=instance.guid).delete()


def user_object(user: User) -> dict[str, Any]:
    """A user as MX's webhook has it."""
    return {
        "guid": user.guid, "id": user.identifier, "is_disabled": user.is_disabled,
        "metadata": user.metadata,
    }  # fmt: skip


def member_objects(member: Member, prefixes: set[str]) -> Objects:
    """The member and, as far as wanted, its data, as MX's webhooks have them."""
    bank, status = INSTITUTIONS[member.institution_code].name, member.connection_status
    base = {"member_guid": member.guid, "user_guid": member.user.guid}
    objects: Objects = {
        member.guid: {
            "aggregated_at": _seconds(member.aggregated_at),
            "connection_status": status,
            "connection_status_id": statuses.STATUSES.index(status),
            "connection_status_message": statuses.message(status, bank),
            "created_at": _seconds(member.created_at),
            "guid": member.guid,
            "id": member.identifier,
            "institution_code": member.institution_code,
            "is_being_aggregated": bool(member.job),
            "is_oauth": member.is_oauth,
            "metadata": member.metadata,
            "name": member.name,
            "successfully_aggregated_at": _seconds(member.successfully_aggregated_at),
            "user_guid": member.user.guid,
            "user_id": member.user.identifier,
        }
    }
    for prefix, model in MODELS.items():
        if prefix not in prefixes:
            continue
        for text in model._default_manager.filter(member=member).values_list("payload", flat=True):
            payload = load_exact(text)
            objects[payload["guid"]] = base | _flat(payload)
    return objects


def _flat(payload: dict[str, Any]) -> dict[str, Any]:
    names = RENAMED.get(payload["guid"][:3], {})
    return {names.get(name, name): _value(name, value) for name, value in payload.items()}


def _value(name: str, value: Any) -> Any:
    """Moments of objects are Unix seconds."""
    if name.endswith("_at") and isinstance(value, str):
        return _seconds(datetime.fromisoformat(value))
    return value


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _tracked(member: Member, prefixes: set[str]) -> list[str]:
    rows = ObjectRevision.objects.filter(member=member.guid).values_list("guid", flat=True)
    return [member.guid, *(guid for guid in rows if guid[:3] in prefixes)]


def _report(
    present: Objects,
    guids: Iterable[str],
    at: datetime,
    *,
    silently: bool = False,
    member_headers: Mapping[str, str] | None = None,
) -> None:
    """Compare objects with what was reported of them, and of those at `guids`, and send changes."""
    names = dict.fromkeys([*present, *guids])
    rows = ObjectRevision.objects.filter(guid__in=names)
    reported = {row.guid: row for row in rows}
    for guid in names:
        fields, row = present.get(guid), reported.get(guid) or ObjectRevision(guid=guid)
        digest = hashlib.sha256(dump_exact(fields).encode()).hexdigest() if fields else ""
        if row.digest == digest:
            continue
        action = "updated" if row.digest and digest else "created" if digest else "deleted"
        row.digest, row.revision = digest, row.revision + 1
        row.member = (fields or {}).get("member_guid") or row.member
        if fields is not None:
            row.owner = fields.get("user_guid", "")
        row.save()
        if not silently:
            body = fields or _last_known(row)
            webhook_events.post_object(
                TYPES[guid[:3]],
                body | {"action": action, "revision": row.revision},
                at,
                member_headers if guid.startswith("MBR") else None,
            )


def _last_known(row: ObjectRevision) -> dict[str, Any]:
    owners = {"member_guid": row.member, "user_guid": row.owner}
    return {"guid": row.guid} | {name: guid for name, guid in owners.items() if guid}
