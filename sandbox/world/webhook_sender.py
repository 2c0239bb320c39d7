"""Delivers webhooks, and retries on MX's schedule until they are accepted."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import requests

from sandbox.world.models import Delivery

# Seconds after the first attempt; MX gives these as an example and adds some randomness.
RETRIES = (30, 76, 152, 308, 654, 1384, 2800, 5336, 9582, 16308, 26488, 41324)
JITTER = 0.05
ACCEPTED = range(200, 300)
TIMEOUT = (3.05, 10)  # seconds to connect and to answer
MAX_WORKERS = 8
MAX_BATCH = 200  # handed out in one go

_lock = threading.Lock()
_in_flight: dict[int, Future[None]] = {}
_senders = ThreadPoolExecutor(MAX_WORKERS, thread_name_prefix="webhook-sender")


def send_due(until: datetime) -> list[Future[None]]:
    """Send everything that is due by then, in the background, each at its own due time.

    Returns:
        All deliveries in flight, earlier ones included.
    """
    with _lock:
        due = Delivery.objects.filter(due_at__lte=until).order_by("due_at", "pk")
        for identity in due.values_list("pk", flat=True)[:MAX_BATCH]:
            if identity not in _in_flight:
                _in_flight[identity] = _senders.submit(_send, identity)
        return list(_in_flight.values())


def retry(delivery: Delivery, at: datetime) -> None:
    """Send again from the first attempt (control API)."""
    Delivery.objects.filter(pk=delivery.pk).update(state="waiting", due_at=at, attempts=[])


def _send(identity: int) -> None:
    try:
        row = Delivery.objects.select_related("webhook").filter(pk=identity).first()
        if row is not None and row.due_at is not None:
            _record_attempt(row, row.due_at, _attempt(row))
    finally:
        with _lock:
            _in_flight.pop(identity, None)


def _attempt(row: Delivery) -> dict[str, Any]:
    """One POST: its status, or why there is none."""
    webhook, began = row.webhook, time.monotonic()
    outcome: dict[str, Any] = {"status": None, "error": None}
    try:
        with requests.Session() as session:
            session.trust_env = False
            if webhook.username or webhook.password:
                session.auth = (webhook.username.encode(), webhook.password.encode())
            with session.post(
                webhook.url,
                data=row.payload.encode(),
                headers={"Content-Type": "application/json", **row.headers},
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,  # the body is not needed
            ) as response:
                outcome["status"] = response.status_code
    except requests.RequestException as error:
        outcome["error"] = type(error).__name__
    return outcome | {"seconds": round(time.monotonic() - began, 3)}


def _record_attempt(row: Delivery, at: datetime, outcome: dict[str, Any]) -> None:
    attempts = [*row.attempts, {"at": at.isoformat(), **outcome}]
    state, due = "waiting", None
    if outcome["status"] in ACCEPTED:
        state = "delivered"
    elif len(attempts) > len(RETRIES):
        state = "given up"
    else:
        due = _retry_at(row, attempts)
    Delivery.objects.filter(pk=row.pk, due_at=row.due_at).update(
        attempts=attempts, state=state, due_at=due
    )


def _retry_at(row: Delivery, attempts: list[dict[str, Any]]) -> datetime:
    number = len(attempts)
    jitter = random.Random(f"{row.pk}:{number}").uniform(1 - JITTER, 1 + JITTER)
    return datetime.fromisoformat(attempts[0]["at"]) + timedelta(
        seconds=RETRIES[number - 1] * jitter
    )
