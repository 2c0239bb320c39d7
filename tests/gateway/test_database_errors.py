"""doctor distinguishes problems with the database, quickly, and without the password."""

from __future__ import annotations

import socket
import time

import pytest
from django.db import OperationalError

from gateway import database_errors
from tests.gateway.boot.test_checks import manage

pytestmark = pytest.mark.embedded  # no database is used
PASSWORD = "hunter2"
DATABASE = {
    "ENGINE": "django.db.backends.postgresql",
    "HOST": "db.bank.example",
    "PORT": "",
    "NAME": "gateway",
    "USER": "gateway",
    "PASSWORD": PASSWORD,
}


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ('FATAL:  password authentication failed for user "gateway"', "rejects the user or pass"),
        ("fe_sendauth: no password supplied", "rejects the user or password"),
        ('FATAL:  role "gateway" does not exist', "rejects the user or password"),
        ('FATAL:  no pg_hba.conf entry for host "192.0.2.1"', "does not admit this user"),
        ('FATAL:  database "gateway" does not exist', "has no database 'gateway'"),
        ("FATAL:  sorry, too many clients already", "no connection left"),
        ("failed to resolve host 'db.bank.example': [Errno -2]", "cannot be resolved"),
        ("Connection refused\n\tIs the server running?", "cannot be reached"),
        ("connection timeout expired", "cannot be reached"),
        ("something else", "check DATABASE_URL"),
    ],
)
def test_problems_are_distinguished(error: str, message: str) -> None:
    text = database_errors.explain(OperationalError(f"{error} {PASSWORD}"), DATABASE)
    assert message in text
    assert PASSWORD not in text
    assert "\n" not in text


def test_a_database_of_another_kind() -> None:
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/none"}
    text = database_errors.explain(OperationalError("unable to open database file"), sqlite)
    assert "PostgreSQL" not in text
    assert "unable to open database file" in text


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgres://u:hunter2@127.0.0.1:1/gateway", "127.0.0.1:1 cannot be reached"),
        ("postgres://u:hunter2@no-such-host.invalid/gateway", "cannot be resolved"),
    ],
)
def test_doctor_says_what_to_do(url: str, message: str) -> None:
    status, text = manage("doctor", DATABASE_URL=url)
    assert status == 1
    assert message in text
    assert PASSWORD not in text
    assert "Traceback" not in text


def test_a_database_that_is_silent_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        started = time.monotonic()
        text = manage("doctor", DATABASE_URL=f"postgres://u:hunter2@127.0.0.1:{port}/gateway")[1]
    assert time.monotonic() - started < 60
    assert "cannot be reached" in text


def test_the_url_may_say_another_timeout() -> None:
    url = "postgres://u:p@127.0.0.1/gateway"
    assert "'connect_timeout': 5" in manage("diffsettings", DATABASE_URL=url)[1]
    settings_text = manage("diffsettings", DATABASE_URL=f"{url}?connect_timeout=9")[1]
    assert "'connect_timeout': 9" in settings_text
