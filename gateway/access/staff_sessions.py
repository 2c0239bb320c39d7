"""The sessions of staff: when each was last used, and their end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from gateway.access.staff_models import StaffSession

WRITTEN_EVERY = timedelta(minutes=1)  # rather than at each request
MAX_SHOWN = 100


def use(
    user: User, session_key: str, *, address: str, browser: str, is_by_person: bool = True
) -> bool:
    """Note that a session is used now. Returns False if it has not been for too long.

    Args:
        is_by_person: False for a request that a page sends automatically; it does not count as use.
    """
    now = timezone.now()
    row, is_new = StaffSession.objects.get_or_create(
        session_key=session_key,
        defaults={"user": user, "used_at": now, "address": address, "browser": browser[:200]},
    )
    idle = now - row.used_at
    if idle > timedelta(minutes=settings.STAFF_IDLE_MINUTES):
        return False
    if is_by_person and not is_new and idle > WRITTEN_EVERY:
        StaffSession.objects.filter(pk=row.pk).update(used_at=now, address=address)
    return True


def of_user(user: User) -> QuerySet[StaffSession]:
    """The sessions that exist, the last used first; at most MAX_SHOWN."""
    existing = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    rows = StaffSession.objects.filter(user=user.pk, session_key__in=existing)
    return rows.order_by("-used_at")[:MAX_SHOWN]


def renamed(former_key: str, key: str) -> None:
    """Follow a session that got another key."""
    StaffSession.objects.filter(session_key=former_key).update(session_key=key)


@transaction.atomic
def end(rows: Iterable[StaffSession]) -> int:
    """Log these sessions out. Returns how many there were."""
    keys = [row.session_key for row in rows]
    Session.objects.filter(session_key__in=keys).delete()
    return StaffSession.objects.filter(session_key__in=keys).delete()[0]
