"""The admin log-in: counted, locked, bounded and logged."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import hashers
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client as HttpClient
from django.test import RequestFactory, override_settings

from gateway.access import staff_logins, throttle
from gateway.access.client_address import client_address
from gateway.access.models import UsageWindow

LOGIN = "/admin/login/"
OWN_PASSWORD = "/admin/password_change/"
RIGHT = "the right password of root"


@pytest.fixture
def root(db: Any) -> User:
    return User.objects.create_superuser("root", password=RIGHT)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed."""
    passwords: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def noted(self: Any, password: str, salt: str) -> str:
        passwords.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", noted)
    return passwords


def attempt(
    password: str, name: str = "root", address: str = "192.0.2.1", http: HttpClient | None = None
) -> Any:
    body = {"username": name, "password": password}
    return (http or HttpClient()).post(LOGIN, body, REMOTE_ADDR=address)


def test_guessing_is_locked_without_computing(root: User, hashed: list[str]):
    responses = [attempt("wrong") for _ in range(40)]
    statuses = [response.status_code for response in responses]
    assert statuses == [200] * 10 + [429] * 30
    assert hashed == ["wrong"] * 10
    assert int(responses[-1]["Retry-After"]) > 60
    assert "text/html" in responses[-1]["Content-Type"]
    assert attempt(RIGHT).status_code == 429
    assert len(hashed) == 10


@pytest.mark.parametrize("name", ["root", " root ", "\uff52\uff4f\uff4f\uff54"])
def test_spellings_of_a_name_are_one(root: User, name: str):
    for _ in range(10):
        attempt("wrong")
    assert attempt("wrong", name).status_code == 429


def test_the_right_password_works_beside_somebody_elses_attack(root: User):
    for _ in range(40):
        attempt("wrong")
    assert attempt(RIGHT, address="198.51.100.7").status_code == 302


def test_a_known_browser_works_while_everything_is_locked(root: User):
    own = HttpClient()
    assert attempt(RIGHT, http=own).status_code == 302
    for number in range(120):  # from everywhere, also from the own address
        attempt("wrong", address=f"198.51.100.{number}")
    for _ in range(40):
        attempt("wrong")
    assert attempt(RIGHT, address="203.0.113.9").status_code == 429
    own.cookies.pop("sessionid")
    assert attempt("wrong", http=own).status_code == 200
    assert attempt(RIGHT, http=own).status_code == 302
    own.cookies.pop("sessionid")
    guesses = [attempt("wrong", http=own).status_code for _ in range(20)]
    assert guesses == [200] * 10 + [429] * 10


def test_the_cookie_of_a_browser_is_for_one_name_and_cannot_be_made(root: User):
    User.objects.create_user("other", password=RIGHT, is_staff=True)
    own = HttpClient()
    attempt(RIGHT, http=own)
    cookie = own.cookies[staff_logins.BROWSER_COOKIE]
    assert cookie["httponly"]
    assert "root" not in cookie.value
    for _ in range(10):
        attempt("wrong", "other")
    assert attempt(RIGHT, "other", http=own).status_code == 429
    own.cookies[staff_logins.BROWSER_COOKIE] = cookie.value + "x"
    for _ in range(10):
        attempt("wrong")
    assert attempt("wrong", http=own).status_code == 429


def test_many_names_from_one_address_are_locked(root: User, hashed: list[str]):
    statuses = [attempt("wrong", f"name-{number}").status_code for number in range(40)]
    assert statuses == [200] * 30 + [429] * 10
    assert attempt(RIGHT, address="198.51.100.7").status_code == 302


def test_hashing_for_unknown_browsers_is_limited(root: User, hashed: list[str]):
    for number in range(80):
        attempt("wrong", f"name-{number}", address=f"198.51.100.{number}")
    assert len(hashed) == staff_logins.ATTEMPTS_PER_MINUTE


def test_successful_log_ins_count_against_nobody(root: User):
    assert {attempt(RIGHT).status_code for _ in range(70)} == {302}


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_get_no_extra_ones(hashed: list[str]):
    User.objects.create_superuser("root", password=RIGHT)
    hashed.clear()

    def guess(_: int) -> int:
        try:
            return int(attempt("wrong").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(guess, range(30)))
    assert len(hashed) == statuses.count(200) <= 10
    assert set(statuses) == {200, 429}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers")
def test_a_log_in_waits_for_a_busy_writer_and_is_counted(root: User):
    writer = connections.create_connection("default")
    writer.inc_thread_sharing()
    writer.cursor().execute("BEGIN IMMEDIATE")
    # Longer than requests wait, which are let through uncounted.
    release = threading.Timer(throttle.MAX_WAIT + 0.5, writer.cursor().execute, ["ROLLBACK"])
    release.start()
    try:
        assert attempt("wrong").status_code == 200
    finally:
        release.join()
        writer.close()
    assert set(UsageWindow.objects.values_list("used", flat=True)) == {1}


def test_one_hash_at_a_time(root: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(staff_logins, "CHECK_WAIT_SECONDS", 0.01)
    begun, finish = threading.Event(), threading.Event()
    holder = staff_logins.begin(name="other", address="198.51.100.7")

    def compute() -> None:
        with holder.check_slot():
            begun.set()
            finish.wait(10)

    thread = threading.Thread(target=compute)
    thread.start()
    begun.wait(10)
    try:
        for _ in range(20):  # none of which counts as a failure
            busy = attempt(RIGHT)
            assert (busy.status_code, busy["Retry-After"]) == (429, "1")
    finally:
        finish.set()
        thread.join()
    assert attempt(RIGHT).status_code == 302


def test_every_attempt_is_written_down(root: User, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    attempt("wrong canary")
    attempt("wrong canary", "nobody\nFORGED line\x1b[2J")
    attempt(RIGHT)
    lines = [line.getMessage() for line in caplog.records if "staff" in line.getMessage()]
    assert [line.split(":")[0] for line in lines] == ["Log-in failed", "Log-in failed", "Logged in"]
    assert all("192.0.2.1" in line and "\n" not in line for line in lines)
    assert "'root'" in lines[0]
    assert "nobody\\nFORGED" in lines[1]
    assert "canary" not in caplog.text
    assert RIGHT not in caplog.text
    entries = [entry.change_message for entry in LogEntry.objects.order_by("pk")]
    assert entries == ["Log-in failed from 192.0.2.1.", "Logged in from 192.0.2.1."]
    for _ in range(12):
        attempt("wrong canary")
    assert "too many attempts" in caplog.text


@pytest.mark.parametrize("name", ["", "\0", "x" * 5000, "😀"])
def test_impossible_names_are_no_500(root: User, name: str):
    assert attempt("wrong", name).status_code in (200, 400)


def test_those_who_are_no_staff_are_refused(db: Any):
    User.objects.create_user("user", password=RIGHT)
    assert attempt(RIGHT, "user").status_code == 200


def test_the_own_password_is_not_guessed_either(
    root: User, hashed: list[str], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    http = HttpClient()
    http.force_login(root)
    new = {"new_password1": "another one 31415", "new_password2": "another one 31415"}
    hashed.clear()
    responses = [http.post(OWN_PASSWORD, {"old_password": "wrong"} | new) for _ in range(20)]
    assert [response.status_code for response in responses] == [200] * 10 + [429] * 10
    assert hashed.count("wrong") == 10
    assert "Password change failed: staff 'root'" in caplog.text


def test_changing_the_own_password(root: User, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    http = HttpClient()
    http.force_login(root)
    new = {"new_password1": "another one 31415", "new_password2": "another one 31415"}
    assert http.post(OWN_PASSWORD, {"old_password": RIGHT} | new).status_code == 302
    assert "Changed their password: staff 'root'" in caplog.text
    assert "31415" not in caplog.text
    assert LogEntry.objects.get().change_message.startswith("Changed their password")


@pytest.mark.parametrize(
    ("count", "forwarded", "address"),
    [
        (0, "198.51.100.7", "192.0.2.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.9, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (2, "198.51.100.7", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "nonsense\n", "192.0.2.1"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "::ffff:198.51.100.7", "198.51.100.7"),
    ],
)
def test_only_trusted_proxies_may_state_the_address(
    rf: RequestFactory, count: int, forwarded: str, address: str
):
    request = rf.get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": forwarded})
    with override_settings(TRUSTED_PROXY_COUNT=count):
        assert client_address(request) == address
