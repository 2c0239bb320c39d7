"""The list of connections: state in words, who has to act, quick filters, refresh, the badge."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.test import Client as HttpClient
from django.utils import timezone

from integrations.flows import connections, sync
from integrations.flows.connection_state import MISSING
from integrations.models import Job, JobState, Member, VendorCredential, VendorUser
from nucleus.models import Tenant
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import ClientFactory
from tests.gateway.admin.conftest import Staff

PATH = "/admin/integrations/member/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_cached_numbers() -> None:
    cache.clear()


@pytest.fixture
def members(tenant: Tenant) -> dict[str, Member]:
    """Connections of one customer: one works, the others are each in another trouble."""
    VendorCredential(tenant=tenant, client_id="id", secret="key").save()
    client: Any = ClientFactory(tenant=tenant)
    user = VendorUser.unscoped.create(tenant=tenant, client=client, vendor="mx", identifier="i")
    now = timezone.now()
    columns: dict[str, dict[str, Any]] = {
        "works": {},
        "customer": {"actor": "end_user", "next_step": "repair", "connection_status": "DENIED"},
        "vendor": {"actor": "vendor", "next_step": "retry_later", "connection_status": "FAILED"},
        "stale": {"checked_at": now - timedelta(hours=30)},
        "dead": {},
        "gone": {"connection_status": MISSING, "actor": "end_user", "next_step": "reconnect"},
    }
    rows = {
        name: Member.unscoped.create(
            tenant=tenant, vendor_user=user, vendor_member_id=f"MBR-{name}", name=f"Bank {name}",
            **{
                "checked_at": now,
                "successfully_aggregated_at": now - timedelta(hours=3, minutes=5),
                "connection_status": "CONNECTED",
                **values,
            },
        )
        for name, values in columns.items()
    }  # fmt: skip
    dead = rows["dead"]
    JobFactory(
        tenant=tenant, kind="sync_member", state=JobState.DEAD,
        lock_key=connections.lock_key(user, dead.vendor_member_id),
        finished_at=now + timedelta(seconds=1),
    )  # fmt: skip
    return rows


def rows_of(http: HttpClient, query: str = "") -> dict[str, str]:
    """The text of each row of the list, by the connection's name."""
    html = http.get(f"{PATH}{query}").content.decode()
    rows = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
    texts = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]
    names = [(re.search(r"Bank (\w+)", text), text) for text in texts]
    return {name[1]: text for name, text in names if name}


def test_each_state_in_words(superuser: HttpClient, members: dict[str, Member]):
    rows = rows_of(superuser)
    for name, words in {
        "works": ("Works", "Nobody", "imported 3 h ago", "Nothing to do."),
        "customer": ("Waiting for its customer", "The customer", "Send a repair link"),
        "vendor": ("Trouble at the bank or vendor", "it is tried again"),
        "stale": ("Stale: not checked", "We", "checked 1 d ago: overdue"),
        "dead": ("Our job is dead", "We", "press Refresh"),
        "gone": ("Gone at the vendor", "The customer", "to connect the bank again"),
    }.items():
        assert all(word in rows[name] for word in words), rows[name]
    html = superuser.get(PATH).content.decode()
    assert f'href="/admin/nucleus/client/{members["works"].vendor_user.client_id}/change/"' in html
    assert "end_user" not in html.replace('value="end_user"', "")


@pytest.mark.parametrize(
    ("attention", "names"),
    [
        ("customer", {"customer", "gone"}),
        ("us", {"stale", "dead"}),
        ("vendor", {"vendor"}),
        ("stale", {"stale"}),
        ("", {"works", "customer", "vendor", "stale", "dead", "gone"}),
    ],
)
def test_quick_filters(
    superuser: HttpClient, members: dict[str, Member], attention: str, names: set[str]
):
    assert set(rows_of(superuser, f"?attention={attention}" if attention else "")) == names


def test_the_oldest_trouble_is_first(superuser: HttpClient, members: dict[str, Member]):
    assert list(rows_of(superuser, "?attention=us")) == ["stale", "dead"]


def test_the_filter_by_state(superuser: HttpClient, members: dict[str, Member]):
    assert set(rows_of(superuser, "?reason=job_failed")) == {"dead"}


def test_refused_keys_are_the_reason_of_all(superuser: HttpClient, members: dict[str, Member]):
    VendorCredential.unscoped.update(is_active=False)
    rows = rows_of(superuser, "?attention=us")
    assert set(rows) == set(members) - {"gone"}
    assert "Enter them under Credentials" in rows["works"]


def test_the_badge_counts_what_waits_for_staff(
    superuser: HttpClient, staff: Staff, members: dict[str, Member]
):
    badge = re.compile(r"<span>Connections</span>\s*<span[^>]*>\s*(\S+)\s*</span>")
    assert badge.findall(superuser.get(PATH).content.decode()) == ["2"]
    stranger = staff("integrations.view_member", name="stranger", tenants=())
    assert badge.findall(stranger.get(PATH).content.decode()) == []
    cache.clear()
    Job.objects.all().delete()
    Member.unscoped.update(checked_at=timezone.now())
    assert badge.findall(superuser.get(PATH).content.decode()) == []


def refresh(http: HttpClient, *rows: Member, confirmed: bool) -> Any:
    data = {"action": "refresh", "_selected_action": [str(row.pk) for row in rows]}
    return http.post(PATH, data | ({"confirmed": "yes"} if confirmed else {}), follow=True)


def test_refresh_asks_then_enqueues_and_records(superuser: HttpClient, members: dict[str, Member]):
    assert (
        "Yes, refresh them" in refresh(superuser, members["dead"], confirmed=False).content.decode()
    )
    assert not Job.objects.filter(kind=sync.REFRESH_MEMBER.name).exists()
    response = refresh(superuser, members["dead"], members["gone"], confirmed=True)
    text = response.content.decode()
    assert "1 connections are refreshed" in text
    assert "Bank gone was left out" in text
    (job,) = Job.objects.filter(kind=sync.REFRESH_MEMBER.name)
    assert job.payload["member_id"] == str(members["dead"].pk)
    entry = LogEntry.objects.get(object_id=str(members["dead"].pk))
    assert "refresh" in entry.change_message
    assert "Could not be read" in rows_of(superuser)["dead"]  # the job waits


def test_a_viewer_refreshes_nothing(staff: Staff, members: dict[str, Member]):
    refresh(staff("integrations.view_member"), members["dead"], confirmed=True)
    assert not Job.objects.filter(kind=sync.REFRESH_MEMBER.name).exists()


def test_the_number_of_queries(
    superuser: HttpClient, members: dict[str, Member], django_assert_max_num_queries: Any
):
    with django_assert_max_num_queries(15):
        superuser.get(f"{PATH}?attention=us")
