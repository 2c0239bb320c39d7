"""What an error of the database means for DATABASE_URL, without the password in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Words of PostgreSQL and its driver, which give no code for a connection that fails. The first row
# that matches counts.
KNOWN = {
    r"password authentication failed|no password supplied|role \".*\" does not exist": (
        "PostgreSQL at {place} refuses the user or password of DATABASE_URL: correct them."
    ),
    r"no pg_hba\.conf entry|permission denied for database": (
        "PostgreSQL at {place} does not admit this user from this machine: allow it in "
        "pg_hba.conf, or with GRANT CONNECT."
    ),
    r"database \".*\" does not exist": (
        "PostgreSQL at {place} has no database {name!r}: create it, or correct DATABASE_URL."
    ),
    r"too many (clients|connections)|remaining connection slots": (
        "PostgreSQL at {place} has no connection left: raise max_connections, or run fewer "
        "processes."
    ),
    r"failed to resolve host|could not translate host name|name or service not known": (
        "The host {host!r} of DATABASE_URL cannot be resolved: correct it."
    ),
    r"time(d )?out|refused|unreachable|no route to host|no such file|closed the connection|"
    r"starting up|shutting down": (
        "PostgreSQL at {place} cannot be reached: check that it runs, that a firewall lets this "
        "machine in, and that DATABASE_URL names it."
    ),
}


def explain(error: Exception, database: Mapping[str, Any]) -> str:
    """A sentence with what to do, and what the driver said.

    Args:
        error: raised by a connection or a query.
        database: Django's settings of the connection.
    """
    said = str(error).strip()
    if password := str(database.get("PASSWORD") or ""):
        said = said.replace(password, "***")
    host = database.get("HOST") or "the local socket"
    port = database.get("PORT") or 5432
    place = f"{host}:{port}" if database.get("HOST") else host
    message = "The database does not answer: check DATABASE_URL."
    if str(database["ENGINE"]).endswith("postgresql"):
        for pattern, words in KNOWN.items():
            if re.search(pattern, said, re.IGNORECASE):
                message = words.format(place=place, host=host, name=database.get("NAME"))
                break
    return f"{message} ({' '.join(said.split())})"
