"""Databases that are migrated once and copied then: migrating takes seconds each time."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from cryptography.fernet import Fernet
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent


def migrate(url: str) -> None:
    """Create all tables there."""
    environment = os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": "",
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
    shutil.copyfile(_sqlite(), path)
    return f"sqlite:///{path}"


@cache
def _sqlite() -> Path:
    path = _directory() / "gateway.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


def postgres(server: str) -> str:
    """The URL of a migrated database on the PostgreSQL server of that URL; see drop."""
    name = f"stack_{secrets.token_hex(8)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _execute(server, create.format(sql.Identifier(name), sql.Identifier(_postgres(server))))
    return _named(server, name)


def empty_postgres(server: str) -> str:
    """The URL of a new database without tables on that server; see drop."""
    name = f"empty_{secrets.token_hex(8)}"
    _execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return _named(server, name)


def drop(server: str, url: str) -> None:
    """Delete a database that `postgres` made."""
    name = urlsplit(url).path.lstrip("/")
    _execute(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@cache
def _postgres(server: str) -> str:
    name = f"template_{secrets.token_hex(8)}"
    _execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    atexit.register(drop, server, _named(server, name))
    migrate(_named(server, name))
    return name


def _execute(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


def _named(server: str, name: str) -> str:
    return urlsplit(server)._replace(path=f"/{name}").geturl()


@cache
def _directory() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="template-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory
