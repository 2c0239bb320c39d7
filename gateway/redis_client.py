"""The connection to Redis of the processes that serve the API."""

from __future__ import annotations

from functools import cache

import redis


@cache
def client(url: str) -> redis.Redis:
    """A client with a pool of connections, which threads share."""
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
