"""Databases that are migrated once and copied then: migrating takes many seconds.

The originals outlive a run. Their names contain a fingerprint of the migrations, so an edited
migration leads to a new original. SQLite originals are in `.pytest_cache`, which `make clean`
removes; PostgreSQL originals are databases named `migrated_...`, which may be dropped at any time.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from cryptography.fernet import Fernet
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".pytest_cache" / "databases"
PACKAGES = ("gateway", "integrations", "nucleus")


def migrate(url: str) -> None:
    """Create all tables there."""
    environment = os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": "",
        "BROKER_URL": "",
        "DEBUG": "true",
        "READ_DOT_ENV": "false",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DJANGO_SETTINGS_MODULE": "gateway.settings",
    }
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=180)


def sqlite(directory: Path) -> str:
    """The URL of a migrated SQLite database in `directory`."""
    path = directory / "gateway.sqlite3"
    copy_sqlite(path)
    return f"sqlite:///{path}"


def copy_sqlite(path: Path) -> None:
    """Write a migrated SQLite database to this path; replaces what is there."""
    for leftover in (f"{path}-wal", f"{path}-shm"):
        Path(leftover).unlink(missing_ok=True)
    shutil.copyfile(_migrated_sqlite(), path)


def postgres(server: str) -> str:
    """The URL of a migrated database on the PostgreSQL server of that URL; see drop."""
    name = f"stack_{secrets.token_hex(8)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    template = sql.Identifier(migrated_postgres(server))
    _execute(server, create.format(sql.Identifier(name), template))
    return _named(server, name)


def empty_postgres(server: str) -> str:
    """The URL of a new database without tables on that server; see drop."""
    name = f"empty_{secrets.token_hex(8)}"
    _execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return _named(server, name)


@contextmanager
def temporary(directory: Path, *, migrated: bool) -> Iterator[str]:
    """The URL of a database like the tests' own, which lives as long as the context."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield sqlite(directory) if migrated else f"sqlite:///{directory / 'empty.sqlite3'}"
        return
    url = postgres(server) if migrated else empty_postgres(server)
    try:
        yield url
    finally:
        drop(server, url)


def database_name(url: str) -> str:
    """What Django's settings have as NAME: a path or the name on the server."""
    path = urlsplit(url).path
    return path.removeprefix("/")


def drop(server: str, url: str) -> None:
    """Delete a database that `postgres` made."""
    name = database_name(url)
    _execute(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@cache
def _migrated_sqlite() -> Path:
    path = CACHE / f"{_fingerprint()}.sqlite3"
    with _lock():
        if not path.exists():
            unfinished = path.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            migrate(f"sqlite:///{unfinished}")
            unfinished.rename(path)
    return path


@cache
def migrated_postgres(server: str) -> str:
    """The name of a migrated database on that server, a template for others."""
    name = f"migrated_{_fingerprint()}"
    with _lock():
        if not _exists(server, name):
            unfinished = f"unfinished_{secrets.token_hex(8)}"
            _execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
            migrate(_named(server, unfinished))
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            _execute(server, rename.format(sql.Identifier(unfinished), sql.Identifier(name)))
    return name


def _fingerprint() -> str:
    """Of everything that decides how the tables look."""
    digest = hashlib.sha256()
    migrations = [
        path for package in PACKAGES for path in (ROOT / package).rglob("migrations/[0-9]*.py")
    ]
    for path in (ROOT / "requirements.txt", *sorted(migrations)):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _lock() -> Iterator[None]:
    """One process migrates, the others wait for it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _exists(server: str, name: str) -> bool:
    with psycopg.connect(server, autocommit=True) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        return connection.execute(query, [name]).fetchone() is not None


def _execute(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def _named(server: str, name: str) -> str:
    return urlsplit(server)._replace(path=f"/{name}").geturl()
