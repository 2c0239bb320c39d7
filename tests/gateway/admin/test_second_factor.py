"""The second factor of staff: set up, asked for, required, reset."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pyotp
import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client as HttpClient

from gateway.access.staff_models import CodeGenerator, RecoveryCode
from nucleus.models import StaffAction
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.rows import path_of

PASSWORD = "the right password of ada"
START = 1_764_000_000  # a moment, in seconds since 1970
MANAGE, CHECK = "/admin/second-factor/", "/admin/second-factor/code/"
SECRET = re.compile(r"<code>([A-Z2-7]{32})</code>")
RECOVERY = re.compile(r"<li><code>([a-z2-9]{6}-[a-z2-9]{6})</code></li>")


@pytest.fixture
def clock(db: Any) -> Any:
    with time_machine.travel(START, tick=False) as moving:
        yield moving


def log_in(name: str = "ada") -> HttpClient:
    http = HttpClient()
    body = {"username": name, "password": PASSWORD}
    assert http.post("/admin/login/", body).status_code == 302
    return http


def set_up(http: HttpClient) -> tuple[pyotp.TOTP, list[str]]:
    """Set up the second factor; returns what the app has, and the recovery codes."""
    begun = http.post(MANAGE, {"step": "begin"}).content.decode()
    (secret,) = SECRET.findall(begun)
    assert 'src="data:image/svg+xml' in begun
    app = pyotp.TOTP(secret)
    done = http.post(MANAGE, {"step": "confirm", "code": app.at(START)})
    assert "no-store" in done["Cache-Control"]
    return app, RECOVERY.findall(done.content.decode())


@pytest.fixture
def ada(db: Any) -> User:
    return User.objects.create_superuser("ada", password=PASSWORD)


def test_a_password_alone_opens_nothing_once_there_is_a_second_factor(ada: User, clock: Any):
    first = log_in()
    app, codes = set_up(first)
    assert len(set(codes)) == 10
    assert first.get("/admin/").status_code == 200  # it has just shown the code
    http = log_in()
    for path in (
        "/admin/",
        "/admin/auth/user/",
        MANAGE,
        "/admin/password_change/",
        "/admin/nothing/",
    ):
        response = http.get(path)
        assert response.status_code == 302
        assert response["Location"].startswith(f"{CHECK}?next=")
    page = http.get(f"{CHECK}?next=/admin/auth/user/").content.decode()
    assert "/admin/auth/group/" not in page  # no menu
    used = http.post(CHECK, {"code": app.at(START)})
    assert used.status_code == 200, "the code of the enrolment is not right twice"
    clock.shift(30)
    passed = http.post(CHECK, {"code": app.at(START + 30), "next": "/admin/auth/user/"})
    assert (passed.status_code, passed["Location"]) == (302, "/admin/auth/user/")
    assert http.get("/admin/").status_code == 200


def test_a_recovery_code_is_right_once(ada: User, clock: Any):
    _, codes = set_up(log_in())
    body = {"code": codes[0].upper().replace("-", " ")}
    assert log_in().post(CHECK, body).status_code == 302
    assert log_in().post(CHECK, body).status_code == 200
    assert RecoveryCode.objects.filter(used_at=None).count() == 9


def test_codes_are_stored_unreadably_and_written_nowhere(
    ada: User, clock: Any, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    http = log_in()
    app, codes = set_up(http)
    stored = repr(list(RecoveryCode.objects.values())) + repr(list(StaffAction.objects.values()))
    assert app.secret not in http.get(MANAGE).content.decode() + stored + caplog.text
    assert not [code for code in codes if code in stored + caplog.text + str(dict(http.session))]
    messages = [row.message for row in StaffAction.objects.order_by("create_date")]
    assert [text for text in messages if text.startswith("Set up a second factor")]


def test_guessing_codes_is_limited(ada: User, clock: Any):
    set_up(log_in())
    http = log_in()
    statuses = [http.post(CHECK, {"code": f"{number:06}"}).status_code for number in range(15)]
    assert statuses == [200] * 10 + [429] * 5


@pytest.mark.parametrize("code", ["", "x" * 5000, "\uff11" * 6, "\0", "12 34"])
def test_malformed_codes_are_refused(ada: User, clock: Any, code: str):
    set_up(log_in())
    assert log_in().post(CHECK, {"code": code}).status_code == 200


@pytest.mark.parametrize("aim", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_page_leads_to_no_other_site(ada: User, clock: Any, aim: str):
    _, codes = set_up(log_in())
    passed = log_in().post(CHECK, {"code": codes[0], "next": aim})
    assert passed["Location"] == "/admin/"


def test_staff_without_a_required_second_factor_reach_only_its_enrolment(
    ada: User, clock: Any, settings: Any
):
    settings.STAFF_SECOND_FACTOR = "required"
    http = log_in()
    for path in ("/admin/", "/admin/auth/user/", "/admin/sessions/", "/admin/search/?s=a"):
        response = http.get(path)
        assert response.status_code == 302
        assert response["Location"].startswith(f"{MANAGE}?next=")
        assert http.post(path, {}).status_code == 302
    assert "requires a second factor" in http.get(MANAGE).content.decode()
    _, codes = set_up(http)
    assert http.get("/admin/").status_code == 200
    assert "Remove the second factor" not in http.get(MANAGE).content.decode()
    http.post(MANAGE, {"step": "remove", "code": codes[0]})
    assert CodeGenerator.objects.exists()


def test_removal_and_new_recovery_codes_need_a_code(ada: User, clock: Any):
    http = log_in()
    _, codes = set_up(http)
    for step in ("codes", "remove"):
        http.post(MANAGE, {"step": step, "code": "000000"})
    assert CodeGenerator.objects.exists()
    page = http.post(MANAGE, {"step": "codes", "code": codes[0]}).content.decode()
    renewed = RECOVERY.findall(page)
    assert len(renewed) == 10
    assert not set(renewed) & set(codes)
    http.post(MANAGE, {"step": "remove", "code": renewed[0]})
    assert not CodeGenerator.objects.exists()
    assert log_in().get("/admin/").status_code == 200


def test_an_administrator_resets_it(ada: User, clock: Any, staff: Staff):
    set_up(log_in())
    administrator = staff(role="Administrator", name="administrator")
    body = {"action": "reset_second_factor", "_selected_action": ada.pk, "confirmed": "yes"}
    administrator.post(path_of(User), body)
    assert CodeGenerator.objects.exists(), "ada may do more"
    root = staff(name="root", is_superuser=True)
    root.post(path_of(User), body)
    assert not CodeGenerator.objects.exists()
    assert not RecoveryCode.objects.exists()
    entry = StaffAction.objects.get(message="Reset the second factor.")
    assert (entry.user.username, entry.object_id) == ("root", str(ada.pk))


def test_the_command_resets_it(ada: User, clock: Any):
    http = log_in()
    set_up(http)
    call_command("reset_second_factor", "ada", stdout=StringIO())
    assert not CodeGenerator.objects.exists()
    assert http.get("/admin/").status_code == 302  # its sessions are ended, too
    with pytest.raises(CommandError, match="no user"):
        call_command("reset_second_factor", "nobody")
