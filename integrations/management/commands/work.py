"""manage.py work: run jobs as they become due."""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection

from integrations.jobs import runner
from integrations.jobs.schedule import Schedule
from integrations.jobs.startup_checks import run_startup_checks

logger = logging.getLogger(__name__)
STOP_SECONDS = 25  # supervisors usually kill a process after 30 s


class Command(BaseCommand):
    help = "Run jobs as they become due. Any number of these may run, on any machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--threads", type=int, default=4)
        parser.add_argument(
            "--idle", type=float, default=0.5, help="seconds between polls when no job is due"
        )
        parser.add_argument(
            "--nice",
            type=int,
            default=5,
            help="0 to 19: higher values give other processes of the machine precedence",
        )
        parser.add_argument("--drain", action="store_true", help="stop when nothing is due")

    def handle(self, *args: Any, **options: Any) -> None:
        run_startup_checks()
        if options["drain"]:
            self.stdout.write(f"{runner.drain()} jobs ran")
            return
        os.nice(options["nice"])
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        threads = [
            threading.Thread(target=_poll, args=(stopping, options["idle"]), daemon=True)
            for _ in range(options["threads"])
        ]
        threads.append(threading.Thread(target=Schedule().run, args=(stopping,), daemon=True))
        for thread in threads:
            thread.start()
        self.stdout.write(f"working with {options['threads']} threads")
        while not stopping.wait(1):
            pass
        for thread in threads:
            thread.join(STOP_SECONDS / len(threads))


def _poll(stopping: threading.Event, idle: float) -> None:
    try:
        while not stopping.is_set():
            try:
                if not runner.run_next():
                    stopping.wait(idle)
            except DatabaseError:
                logger.exception("the database is not answering")
                connection.close()
                stopping.wait(max(idle, 2.0))
            except Exception:
                logger.exception("a job could not be recorded")
                stopping.wait(idle)
    finally:
        connection.close()
