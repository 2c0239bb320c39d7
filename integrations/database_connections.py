"""The database connection of a thread that waits for a vendor."""

from __future__ import annotations

from django.db import connection


def release() -> None:
    """Return this thread's connection to the pool, if there is one; the next query takes another.

    Call it outside of a transaction, before waiting for something that is not the database.
    """
    is_pooled = connection.settings_dict["OPTIONS"].get("pool")
    if is_pooled and not connection.in_atomic_block:
        connection.close()
