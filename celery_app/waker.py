"""The waker: tells the broker about committed jobs without delaying the request.

A request only puts the job's id on a bounded queue; one daemon thread publishes. With a half-open
connection to Redis a publish was measured to block for over 45 s, so no other thread may do it.
What cannot be published is dropped: `manage.py relay` and the polling worker find the job in the
table.

The thread holds the message of a job that is due later. With Celery's countdown a worker would
hold it, and get fewer others meanwhile: RabbitMQ 4 cannot raise the prefetch count of a consumer.
"""

from __future__ import annotations

import atexit
import heapq
import logging
import os
import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from celery_app import tasks
from integrations.jobs import broker

logger = logging.getLogger(__name__)
CAPACITY = 10_000
PAUSE_SECONDS = 30.0  # after a failure of the broker
# Retry once on a new connection: the server may have closed the idle one (RabbitMQ does).
RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
FLUSH_SECONDS = 2.0  # a process that ends goes on publishing at most this long


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A job to be run at a moment of time.monotonic()."""

    due_at: float
    job_id: UUID
    kind: str


class Publisher:
    """The queue and its thread; a forked process starts its own."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: queue.Queue[Message | None] = queue.Queue()
        self.is_flushing = False
        self.pid = 0
        self.paused_until = 0.0
        self.reported: set[broker.ProblemKind] = set()  # since the broker last took a message

    def put(self, job_id: UUID, kind: str, delay: float = 0.0) -> None:
        self._ensure_thread()
        if self.waiting.unfinished_tasks >= CAPACITY:
            logger.warning("the publishing queue is full; the relay will find %s", job_id)
        else:
            self.waiting.put(Message(time.monotonic() + delay, job_id, kind))

    def flush(self, seconds: float = FLUSH_SECONDS) -> None:
        """Publish everything, what is due later with a countdown. Takes at most this long."""
        if self.pid != os.getpid():
            return
        deadline = time.monotonic() + seconds
        self.is_flushing = True
        self.waiting.put(None)  # or the thread would wait for what is due later
        while self.waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)
        self.is_flushing = False

    def _ensure_thread(self) -> None:
        with self.lock:
            if self.pid != os.getpid():
                self.pid = os.getpid()
                self.waiting = queue.Queue()
                threading.Thread(target=self._run, name="job-waker", daemon=True).start()

    def _run(self) -> None:
        scheduled: list[Message] = []  # a heap
        while True:
            seconds = max(0.0, scheduled[0].due_at - time.monotonic()) if scheduled else None
            with suppress(queue.Empty):
                message = self.waiting.get(timeout=seconds)
                if message is None:
                    self.waiting.task_done()
                else:
                    heapq.heappush(scheduled, message)
            while scheduled and (self.is_flushing or scheduled[0].due_at <= time.monotonic()):
                try:
                    self._publish(heapq.heappop(scheduled))
                finally:
                    self.waiting.task_done()

    def _publish(self, message: Message) -> None:
        now = time.monotonic()
        if now < self.paused_until:
            return
        remaining = message.due_at - now
        options: dict[str, Any] = {"countdown": remaining} if remaining > 0 else {}
        try:
            tasks.TASKS[message.kind].apply_async(
                (str(message.job_id),), retry_policy=RETRY_POLICY, **options
            )
        except Exception as error:  # noqa: BLE001 - no error of the broker may end this thread
            self.paused_until = time.monotonic() + PAUSE_SECONDS
            self._report(error)
        else:
            if self.reported:
                self.reported.clear()
                logger.info("the broker accepts messages again")

    def _report(self, error: Exception) -> None:
        """Log each kind of problem once until the broker works again."""
        problem = broker.diagnose(error, settings.BROKER_URL)
        if problem.kind not in self.reported:
            self.reported.add(problem.kind)
            logger.warning(
                "workers cannot be woken (%s): %s Until then the relay and polling workers find "
                "the jobs.",
                problem.kind,
                problem.message,
            )


_publisher = Publisher()
atexit.register(_publisher.flush)  # commands that enqueue end right afterwards


def wake(*, job_id: UUID, kind: str, delay: float = 0.0) -> None:
    """Have the job's message sent with a countdown of `delay` seconds; never blocks or raises."""
    _publisher.put(job_id, kind, delay)
