"""manage.py relay: send messages for due jobs, so that a lost message only delays its job."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from integrations.jobs import claims, job_queue
from integrations.jobs.schedule import Schedule
from integrations.jobs.startup_checks import run_startup_checks

logger = logging.getLogger(__name__)
BATCH = 500


class Command(BaseCommand):
    help = "Republish due jobs to the broker every few seconds (Celery mode)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=5.0, help="seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        run_startup_checks()
        if not settings.JOB_WAKER:
            raise CommandError(
                "Neither BROKER_URL nor REDIS_URL is set: workers poll and need no relay."
            )
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        threading.Thread(target=Schedule().run, args=(stopping,), daemon=True).start()
        while not stopping.wait(options["every"]):
            try:
                for job in claims.due(BATCH):
                    job_queue.wake(job)
            except DatabaseError:
                logger.exception("the database is not answering")
                connection.close()
