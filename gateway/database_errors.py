"""Explains errors of a database connection in terms of DATABASE_URL, without its password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Matched against messages of PostgreSQL and its driver, which have no code for failed connections.
# The first match applies.
EXPLANATIONS = {
    r"password authentication failed|no password supplied|role \".*\" does not exist": (
        "PostgreSQL at {address} rejects the user or password in DATABASE_URL: correct them."
    ),
    r"no pg_hba\.conf entry|permission denied for database": (
        "PostgreSQL at {address} does not admit this user from this machine: allow it in "
        "pg_hba.conf, or with GRANT CONNECT."
    ),
    r"database \".*\" does not exist": (
        "PostgreSQL at {address} has no database {name!r}: create it, or correct DATABASE_URL."
    ),
    r"too many (clients|connections)|remaining connection slots": (
        "PostgreSQL at {address} has no connection left: raise max_connections, or run fewer "
        "processes."
    ),
    r"connections of this process": (
        "More requests than DATABASE_POOL_SIZE use the database: raise it, or run more processes."
    ),
    r"failed to resolve host|could not translate host name|name or service not known": (
        "The host {host!r} in DATABASE_URL cannot be resolved: correct it."
    ),
    r"time(d )?out|refused|unreachable|no route to host|no such file|closed the connection|"
    r"starting up|shutting down": (
        "PostgreSQL at {address} cannot be reached: check that it runs, that no firewall blocks "
        "this machine, and that DATABASE_URL is correct."
    ),
}


def explain(error: Exception, database: Mapping[str, Any]) -> str:
    """A sentence that says what to do, with the driver's message in parentheses.

    Args:
        error: raised by a connection or a query.
        database: Django's settings of the connection.
    """
    driver_message = str(error).strip()
    if password := str(database.get("PASSWORD") or ""):
        driver_message = driver_message.replace(password, "***")
    host = database.get("HOST") or "the local socket"
    port = database.get("PORT") or 5432
    address = f"{host}:{port}" if database.get("HOST") else host
    explanation = "The database does not answer: check DATABASE_URL."
    if str(database["ENGINE"]).endswith("postgresql"):
        for pattern, template in EXPLANATIONS.items():
            if re.search(pattern, driver_message, re.IGNORECASE):
                explanation = template.format(address=address, host=host, name=database.get("NAME"))
                break
    return f"{explanation} ({' '.join(driver_message.split())})"
