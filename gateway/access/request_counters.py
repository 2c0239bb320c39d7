"""The counts of requests: in Redis where there is one, else in the database.

In the database every request writes the row of its application, so all of them queue for it. Only
limits of requests may be in Redis: one that forgets must not reopen a lock-out or a used token.
"""

from __future__ import annotations

import logging
import time
from functools import cache

import redis
from django.conf import settings
from django.db import connection
from redis.commands.core import Script

from gateway import redis_client
from gateway.access import counters
from gateway.access.counters import Usage

# A window starts with its first request and ends with its key. Refused requests are not counted.
SCRIPT = """
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local admitted = 0
if used < tonumber(ARGV[1]) then
    admitted = 1
    used = redis.call('INCR', KEYS[1])
    if used == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
end
return {admitted, used, redis.call('PTTL', KEYS[1])}
"""
PAUSE = 10.0  # seconds without Redis after a failure, or each request would wait for its time-out
logger = logging.getLogger(__name__)
_failures: dict[str, float] = {}  # URL → when Redis failed, by time.monotonic


def increment(key: str, *, limit: int, seconds: float, max_wait: float | None = None) -> Usage:
    """Add one to the counter, unless it has reached `limit` within its window of `seconds`.

    While Redis fails, the database counts, from zero, and waits up to `max_wait` seconds for its
    writer, as `counters.increment` does.
    """
    url = settings.REDIS_URL
    if url and time.monotonic() - _failures.get(url, -PAUSE) >= PAUSE:
        try:
            return _increment_in_redis(url, key, limit, seconds)
        except redis.RedisError as error:
            _failures[url] = time.monotonic()
            logger.warning("Redis fails; the database counts requests: %s", type(error).__name__)
    return counters.increment(key, limit=limit, seconds=seconds, max_wait=max_wait)


def _increment_in_redis(url: str, key: str, limit: int, seconds: float) -> Usage:
    # Deployments may share a Redis, but not a database.
    name = f"requests:{connection.settings_dict['NAME']}:{key}"
    admitted, used, milliseconds = _script(url)(keys=[name], args=[limit, int(seconds * 1000)])
    return Usage(
        admitted=bool(admitted),
        limit=limit,
        remaining=max(0, limit - used),
        seconds=min(seconds, max(0.0, milliseconds / 1000)),
    )


@cache
def _script(url: str) -> Script:
    return redis_client.client(url).register_script(SCRIPT)
