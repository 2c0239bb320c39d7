"""Django's PostgreSQL backend with connections that the threads of a process share.

psycopg_pool, which Django offers for this, connects in a thread of its own: a request learns only
by its time-out that the database is away, and not why.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus


class Slots:
    """Permission to use one of `count` connections; those who wait get it in their order.

    With threading.Semaphore a thread that comes later may be first, so that others wait too long.
    """

    def __init__(self, count: int) -> None:
        self.lock = threading.Lock()
        self.free = count
        self.waiting: deque[threading.Event] = deque()

    def acquire(self, *, seconds: float) -> bool:
        """False if none became free in that time."""
        with self.lock:
            if self.free:
                self.free -= 1
                return True
            turn = threading.Event()
            self.waiting.append(turn)
        if turn.wait(seconds):
            return True
        with self.lock:
            if turn.is_set():  # in the last moment
                return True
            self.waiting.remove(turn)
        return False

    def release(self) -> None:
        with self.lock:
            if self.waiting:
                self.waiting.popleft().set()
            else:
                self.free += 1


class ConnectionPool:
    """At most `size` open connections; the ones that nobody uses wait for the next taker."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.slots = Slots(size)
        self.idle: deque[Any] = deque()

    def take(self, connect: Callable[[], Any], *, seconds: float) -> Any:
        """A connection that works, an idle one if possible.

        Raises psycopg.OperationalError if none becomes free within `seconds`, and what `connect`
        raises.
        """
        if not self.slots.acquire(seconds=seconds):
            raise psycopg.OperationalError(
                f"all {self.size} connections of this process (DATABASE_POOL_SIZE) are in use"
            )
        try:
            while self.idle:
                with suppress(IndexError):  # another thread has taken the last one
                    connection = self.idle.pop()
                    if _works(connection):
                        return connection
                    connection.close()
            return connect()
        except BaseException:
            self.slots.release()
            raise

    def put(self, connection: Any) -> None:
        """Take a connection back; one that is broken or in a transaction is closed."""
        try:
            if connection.info.transaction_status is TransactionStatus.IDLE:
                self.idle.append(connection)
            else:
                connection.close()
        finally:
            self.slots.release()


def _works(connection: Any) -> bool:
    try:
        connection.execute("")
    except psycopg.Error:
        return False
    return True


class DatabaseWrapper(base.DatabaseWrapper):
    """Opens and closes connections by taking them from the pool and putting them back."""

    pools: ClassVar[dict[tuple[int, str], ConnectionPool]] = {}  # a fork gets pools of its own
    pool = None  # Django's own

    def shared(self) -> ConnectionPool:
        """The pool of this database in this process."""
        size = self.settings_dict["OPTIONS"]["pool"]["max_size"]
        return self.pools.setdefault((os.getpid(), self.alias), ConnectionPool(size))

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connect = super().get_new_connection
        seconds = self.settings_dict["OPTIONS"]["pool"]["timeout"]
        return self.shared().take(lambda: connect(conn_params), seconds=seconds)

    def _close(self) -> None:
        if self.connection is not None:
            with self.wrap_database_errors:
                self.shared().put(self.connection)
