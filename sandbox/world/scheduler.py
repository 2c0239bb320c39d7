"""Makes due things happen: all the time while the clock runs, in their order when it is moved."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import wait
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min

from sandbox.world import clock, lifecycle, webhook_sender
from sandbox.world.models import Delivery, Member

TICK = 0.05  # seconds
MOST_AT_ONCE = timedelta(days=366)
COURIER_PATIENCE = 60  # seconds of real time that moving the clock waits for webhooks
log = logging.getLogger(__name__)
turn = threading.Lock()  # one hand moves the world


def start() -> None:
    """Begin to tick, in a thread of this process."""
    threading.Thread(target=_tick_for_ever, name="scheduler", daemon=True).start()


def _tick_for_ever() -> None:
    """Look for due rows only when one is expected or another connection has written something."""
    last_version: int | None = None
    next_due: datetime | None = None
    while True:
        try:
            with turn:
                now, version = clock.now(), _data_version()
                if version != last_version or (next_due is not None and next_due <= now):
                    _settle(now)
                    webhook_sender.send_due(now)
                    last_version, next_due = version, _next_due()
        except Exception:
            log.exception("The scheduler failed; it continues in a second.")
            time.sleep(1)
        time.sleep(TICK)


def _data_version() -> int:
    """A number that SQLite changes when any other connection commits; far cheaper than a query."""
    with connection.cursor() as cursor:
        return int(cursor.execute("PRAGMA data_version").fetchone()[0])


def _next_due() -> datetime | None:
    """When the next row is due; deliveries under way are due until they are finished."""
    moments = (
        rows.aggregate(earliest=Min("due_at"))["earliest"]
        for rows in (Member.objects, Delivery.objects)
    )
    return min(filter(None, moments), default=None)


def advance(to: datetime) -> None:
    """Move the clock on; on the way everything happens at its time and in its order.

    Raises:
        ValueError: backwards, or too far.
    """
    with turn:
        now = clock.now()
        if not now <= to <= now + MOST_AT_ONCE:
            raise ValueError(
                f"The clock moves forward, by at most {MOST_AT_ONCE.days} days at once."
            )
        _settle(to)
        clock.move_to(to)
    deadline = time.monotonic() + COURIER_PATIENCE
    while (sent := webhook_sender.send_due(to)) and time.monotonic() < deadline:
        wait(sent, timeout=max(deadline - time.monotonic(), 0))


def _settle(until: datetime) -> None:
    """One due step of a member after the other. Each moves its own next one on, so this ends."""
    due = Member.objects.select_related("user").filter(due_at__lte=until).order_by("due_at", "pk")
    while due.exists():
        with transaction.atomic():
            member = due.first()
            if member is not None and member.due_at is not None:
                lifecycle.step(member, member.due_at)
