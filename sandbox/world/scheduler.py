"""Runs due steps of members: continuously while the clock runs, in order when it is moved."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from concurrent.futures import wait
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min

from sandbox.world import clock, lifecycle, webhook_sender
from sandbox.world.events import registry
from sandbox.world.models import BankEvent, Delivery, Member

TICK = 0.05  # seconds
MAX_ADVANCE = timedelta(days=366)
DELIVERY_TIMEOUT = 60  # seconds of real time that moving the clock waits for webhooks
log = logging.getLogger(__name__)
world_lock = threading.Lock()  # only one thread may advance the simulation


def start() -> None:
    """Start the scheduler in a thread of this process."""
    threading.Thread(target=_run, name="scheduler", daemon=True).start()


def _run() -> None:
    """Look for due rows only when one is expected or another connection has written something."""
    last_version: int | None = None
    next_due: datetime | None = None
    while True:
        try:
            with world_lock:
                now, version = clock.now(), _data_version()
                if version != last_version or (next_due is not None and next_due <= now):
                    _run_due_steps(now)
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
        for rows in (Member.objects, Delivery.objects, BankEvent.objects)
    )
    return min(filter(None, moments), default=None)


def advance(to: datetime) -> None:
    """Advance the clock and run every step on the way, in order.

    Raises:
        ValueError: backwards, or too far.
    """
    with world_lock:
        _move(to)
    _send_webhooks(to)


def advance_by(span: timedelta) -> None:
    """Likewise by a span, from when its turn comes: others may advance at the same time."""
    with world_lock:
        to = clock.now() + span
        _move(to)
    _send_webhooks(to)


def _move(to: datetime) -> None:
    now = clock.now()
    if not now <= to <= now + MAX_ADVANCE:
        raise ValueError(f"The clock moves forward, by at most {MAX_ADVANCE.days} days at once.")
    _run_due_steps(to)
    clock.move_to(to)


def _send_webhooks(until: datetime) -> None:
    deadline = time.monotonic() + DELIVERY_TIMEOUT
    while (sent := webhook_sender.send_due(until)) and time.monotonic() < deadline:
        wait(sent, timeout=max(deadline - time.monotonic(), 0))


def _run_due_steps(until: datetime) -> None:
    """Run due steps and events one by one. Each schedules its successor later, so this ends.

    Events are read once: whoever adds one holds the lock.
    """
    members = Member.objects.select_related("user", "bank_login").filter(due_at__lte=until)
    steps = members.order_by("due_at", "pk")
    events = deque(BankEvent.objects.filter(due_at__lte=until).order_by("due_at", "pk"))
    while True:
        with transaction.atomic():
            member = steps.first()
            step_at = until if member is None or member.due_at is None else member.due_at
            if events and (events[0].due_at or until) <= step_at:
                event = events.popleft()
                registry.run(event, event.due_at or until)
            elif member is not None:
                lifecycle.step(member, step_at)
                while member.pk and member.due_at == step_at:  # jobs that take no time
                    lifecycle.step(member, step_at)
            else:
                return
