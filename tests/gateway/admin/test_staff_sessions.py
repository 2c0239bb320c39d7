"""Sessions of staff: they end when idle, and are listed and ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client as HttpClient
from django.utils import timezone

from gateway.access.retention import prune
from gateway.access.staff_models import StaffSession
from nucleus.models import StaffAction
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.rows import path_of

SESSIONS = "/admin/sessions/"


def browser_of(user: User, agent: str = "Firefox", address: str = "192.0.2.1") -> HttpClient:
    http = HttpClient(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    http.force_login(user)
    http.get("/admin/")
    return http


def rest(minutes: float) -> None:
    """Let every session be unused for so long."""
    StaffSession.objects.update(used_at=timezone.now() - timedelta(minutes=minutes))


def test_an_idle_session_ends(admin_user: User, settings: Any):
    settings.STAFF_IDLE_MINUTES = 10
    http = browser_of(admin_user)
    rest(9)
    assert http.get("/admin/auth/user/").status_code == 200
    rest(9)  # the request before has counted
    assert http.get("/admin/auth/user/").status_code == 200
    rest(10.1)
    ended = http.get("/admin/auth/user/?q=x")
    assert ended["Location"] == "/admin/login/?next=%2Fadmin%2Fauth%2Fuser%2F%3Fq%3Dx"
    assert "did nothing for a while" in http.get(ended["Location"]).content.decode()
    assert http.get("/admin/").status_code == 302


def test_updates_of_a_page_do_not_keep_a_session_alive(admin_user: User, settings: Any):
    settings.STAFF_IDLE_MINUTES = 10
    http = browser_of(admin_user)
    rest(9)
    update = {"X-Automatic-Update": "1"}
    assert http.get("/admin/", headers=update).status_code == 200
    used_at = StaffSession.objects.get().used_at
    assert timezone.now() - used_at > timedelta(minutes=8)
    rest(11)
    assert http.get("/admin/", headers=update).status_code == 302


def test_the_own_sessions_are_listed_and_ended(admin_user: User, staff: Staff):
    here = browser_of(admin_user)
    there = browser_of(admin_user, agent="<b>Safari</b>", address="198.51.100.7")
    elsewhere = browser_of(admin_user, agent="Chrome")
    staff(name="other").get("/admin/")
    page = here.get(SESSIONS).content.decode()
    assert "198.51.100.7" in page
    assert "&lt;b&gt;Safari" in page
    assert page.count("This session") == 1
    assert not [key for key in Session.objects.values_list("pk", flat=True) if key in page]
    foreign = StaffSession.objects.get(user__username="other")
    here.post(SESSIONS, {"session": str(foreign.pk)})
    assert StaffSession.objects.filter(pk=foreign.pk).exists()
    ended = StaffSession.objects.get(address="198.51.100.7")
    here.post(SESSIONS, {"session": str(ended.pk)})
    assert there.get("/admin/").status_code == 302
    assert elsewhere.get("/admin/").status_code == 200
    here.post(SESSIONS, {"session": "others"})
    assert elsewhere.get("/admin/").status_code == 302
    assert here.get("/admin/").status_code == 200
    assert StaffAction.objects.filter(message__startswith="Ended 1 of the own").count() == 2


def test_an_administrator_ends_those_of_others(admin_user: User, staff: Staff):
    http = staff(name="other")
    http.get("/admin/")
    other = User.objects.get(username="other")
    administrator = staff(role="Administrator", name="administrator")
    body = {"action": "end_sessions", "confirmed": "yes"}
    above = browser_of(admin_user)
    administrator.post(path_of(User), body | {"_selected_action": [other.pk, admin_user.pk]})
    assert http.get("/admin/").status_code == 302
    assert above.get("/admin/").status_code == 200
    assert StaffAction.objects.get(message="Ended 1 sessions.").object_id == str(other.pk)


def test_old_entries_are_pruned(admin_user: User):
    browser_of(admin_user)
    rest(60 * 25)
    prune(10)
    assert not StaffSession.objects.exists()
