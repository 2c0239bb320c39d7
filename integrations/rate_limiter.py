"""Rate limiter: limits the calls per second with one credential, in this process."""

from __future__ import annotations

import threading
import time
from uuid import UUID

from django.conf import settings


class RateLimiter:
    """Spaces calls evenly, VENDOR_CALLS_PER_SECOND of them, by letting callers sleep."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.next_free: dict[UUID, float] = {}

    def wait(self, credential_id: UUID) -> None:
        """Sleep until the next call with this credential is allowed."""
        if settings.VENDOR_CALLS_PER_SECOND <= 0:
            return
        interval = 1 / settings.VENDOR_CALLS_PER_SECOND
        with self.lock:
            now = time.monotonic()
            start = max(self.next_free.get(credential_id, now), now)
            self.next_free[credential_id] = start + interval
        time.sleep(max(start - now, 0))


vendor_rate_limiter = RateLimiter()
