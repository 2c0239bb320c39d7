"""Scheduled work: reconciliation of connections, retention of old rows.

Any number of processes may call `tick` at the same time; row updates decide which does what.
"""

from __future__ import annotations

import logging
import threading
import time

from django.db import DatabaseError, connection

from integrations.flows import billed_holdings, reconciliation, retention, user_disabling

logger = logging.getLogger(__name__)
TICK_SECONDS = 10.0
PRUNE_INTERVAL_SECONDS = 600.0


class Schedule:
    """The scheduled work that one process does."""

    def __init__(self) -> None:
        self.prune_at = time.monotonic() + TICK_SECONDS

    def tick(self) -> None:
        """Do what is due."""
        if count := reconciliation.reconcile_due():
            logger.info("%d connections are being reconciled", count)
        if count := user_disabling.enqueue_due():
            logger.info("%d users at vendors are disabled or enabled with their owners", count)
        if count := billed_holdings.enqueue_due():
            logger.info("the holdings of %d users at vendors are deactivated", count)
        if time.monotonic() >= self.prune_at:
            self.prune_at = time.monotonic() + PRUNE_INTERVAL_SECONDS
            if count := retention.prune():
                logger.info("%d old rows were deleted", count)

    def run(self, stopping: threading.Event) -> None:
        """Call tick until `stopping` is set; exceptions are logged."""
        try:
            while not stopping.wait(TICK_SECONDS):
                try:
                    self.tick()
                except DatabaseError:
                    logger.exception("the database is not answering")
                    connection.close()
                except Exception:
                    logger.exception("scheduled work failed")
        finally:
            connection.close()
