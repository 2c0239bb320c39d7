"""What has to happen by itself: reconciling members, forgetting old rows.

Any number of processes may call `tick` at any time; rows decide who does what.
"""

from __future__ import annotations

import logging
import threading
import time

from django.db import DatabaseError, connection

from integrations.flows import retention, sync

logger = logging.getLogger(__name__)
TICK_SECONDS = 10.0
PRUNE_EVERY = 600.0  # seconds


class Schedule:
    """One process's share of the regular work."""

    def __init__(self) -> None:
        self.prune_at = time.monotonic() + TICK_SECONDS

    def tick(self) -> None:
        """Do what is due."""
        if count := sync.reconcile_due():
            logger.info("%d members are looked at again", count)
        if time.monotonic() >= self.prune_at:
            self.prune_at = time.monotonic() + PRUNE_EVERY
            if count := retention.prune():
                logger.info("%d old rows were deleted", count)

    def run(self, stopping: threading.Event) -> None:
        """Tick until told to stop, whatever the database does."""
        try:
            while not stopping.wait(TICK_SECONDS):
                try:
                    self.tick()
                except DatabaseError:
                    logger.exception("the database is not answering")
                    connection.close()
                except Exception:
                    logger.exception("the schedule stumbled")
        finally:
            connection.close()
