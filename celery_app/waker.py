"""Wakes a worker about a committed job, without ever holding up the request that made it.

A request only puts the id on a bounded queue; one daemon thread publishes. With Redis half-open a
publish was measured to block for over 45 s, so nothing else may do it. What cannot be published is
dropped: `manage.py relay` and the polling worker find the job in the table.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from uuid import UUID

from celery_app import tasks

logger = logging.getLogger(__name__)
CAPACITY = 10_000
BREAK_SECONDS = 30.0  # how long to leave a broker alone that failed


class Publisher:
    """The queue and its thread; a forked process starts its own."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: queue.Queue[tuple[UUID, str]] = queue.Queue(CAPACITY)
        self.pid = 0
        self.broken_until = 0.0

    def put(self, job_id: UUID, kind: str) -> None:
        self._ensure_thread()
        try:
            self.waiting.put_nowait((job_id, kind))
        except queue.Full:
            logger.warning("the publishing queue is full; the relay will find %s", job_id)

    def _ensure_thread(self) -> None:
        with self.lock:
            if self.pid != os.getpid():
                self.pid = os.getpid()
                self.waiting = queue.Queue(CAPACITY)
                threading.Thread(target=self._publish, name="job-waker", daemon=True).start()

    def _publish(self) -> None:
        while True:
            job_id, kind = self.waiting.get()
            if time.monotonic() < self.broken_until:
                continue
            try:
                tasks.TASKS[kind].apply_async((str(job_id),), retry=False)
            except Exception:  # whatever the broker does, this thread goes on
                self.broken_until = time.monotonic() + BREAK_SECONDS
                logger.warning("the broker is not answering; workers poll meanwhile")


_publisher = Publisher()


def wake(*, job_id: UUID, kind: str) -> None:
    """Ask for the job to be run soon; returns at once, whatever the broker does."""
    _publisher.put(job_id, kind)
