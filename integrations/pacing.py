"""At most so many calls a second with one credential, from this process."""

from __future__ import annotations

import threading
import time
from uuid import UUID

from django.conf import settings


class Pace:
    """Gives each caller the next free moment."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.next_free: dict[UUID, float] = {}

    def wait(self, credential_id: UUID) -> None:
        """Sleep until this credential may be used again."""
        if settings.VENDOR_CALLS_PER_SECOND <= 0:
            return
        gap = 1 / settings.VENDOR_CALLS_PER_SECOND
        with self.lock:
            now = time.monotonic()
            moment = max(self.next_free.get(credential_id, now), now)
            self.next_free[credential_id] = moment + gap
        time.sleep(max(moment - now, 0))


PACE = Pace()
