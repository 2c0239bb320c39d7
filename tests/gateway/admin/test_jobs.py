"""The screen of jobs: whom they are about, in words; search, groups of errors, and buttons."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client as HttpClient
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.flows import connections
from integrations.jobs.kinds import KINDS
from integrations.models import Job, JobState, Member, VendorUser
from nucleus.models import Tenant
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import ClientFactory, TenantFactory
from tests.gateway.admin.conftest import Staff

JOBS = "/admin/integrations/job/"
ERRORS = f"{JOBS}errors/"
REFUSED = "MX refuses the request MBR-%s."


@pytest.fixture
def member(tenant: Tenant) -> Member:
    ada: Any = ClientFactory(
        tenant=tenant, username="ada", first_name="Ada", last_name="Lovelace", secondary_id="C-1"
    )
    user = VendorUser.unscoped.create(
        tenant=tenant, client=ada, vendor="mx", identifier="i", vendor_user_id="USR-1"
    )
    return Member.unscoped.create(
        tenant=tenant, vendor_user=user, vendor_member_id="MBR-1", name="MX Bank"
    )


def job_of(member: Member, **values: Any) -> Job:
    row: Job = JobFactory(  # type: ignore[assignment]
        tenant=member.tenant,
        kind="sync_member",
        payload={"member_id": str(member.pk), "scope": "everything", "api_key": "canary"},
        lock_key=connections.lock_key(member.vendor_user, member.vendor_member_id),
        **values,
    )
    return row


def ids(http: HttpClient, **query: Any) -> set[Any]:
    response: Any = http.get(JOBS, query)
    assert response.status_code == 200
    return {row.pk for row in response.context["cl"].result_list}


def confirm(http: HttpClient, path: str) -> str:
    page = http.get(path)
    assert "No, take me back" in page.content.decode()
    return http.post(path, {"confirmed": "yes"}, follow=True).content.decode()


def state(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


def test_every_kind_has_a_label_in_words():
    labels = [kind.label for kind in KINDS.values()]
    assert len(set(labels)) == len(labels)
    for label in labels:
        assert re.fullmatch(r"[A-Z][A-Za-z,' ]{8,70}", label), label


def test_rows_say_whom_they_are_about_and_what_they_wait_for(superuser: HttpClient, member: Member):
    later = timezone.now() + timedelta(hours=1)
    waiting = job_of(member, run_at=later, postponed_by="mx")
    JobFactory(
        tenant=member.tenant, kind="create_vendor_user", state=JobState.DEAD,
        payload={"client_id": str(member.vendor_user.client_id)},
    )  # fmt: skip
    text = superuser.get(JOBS).content.decode()
    assert "Read a connection" in text
    assert "Create a customer&#x27;s user at the vendor" in text
    assert f"Waiting until {later:%Y-%m-%d %H:%M:%S} UTC for the vendor" in text
    assert "Failed for good" in text
    assert text.count(f"/admin/nucleus/client/{member.vendor_user.client_id}/change/") >= 2
    assert f"/admin/integrations/member/{member.pk}/change/" in text
    page = superuser.get(f"{JOBS}{waiting.pk}/change/").content.decode()
    for part in ("MX Bank", "Advanced", "Payload and progress", "everything", "Run now"):
        assert part in page, part
    assert "Read a connection for" in page  # in the trail, as in the list
    assert "canary" not in page
    assert "[hidden]" in page


def test_a_page_of_jobs_takes_few_queries(superuser: HttpClient, member: Member):
    for kind in KINDS:
        JobFactory(
            tenant=member.tenant, kind=kind,
            payload=dict.fromkeys(
                (
                    "client_id", "vendor_user_id", "aggregation_account_id", "delivery_id",
                    "erasure_id", "async_id", "member_id",
                ),
                str(member.pk),
            ),
        )  # fmt: skip
    superuser.get(JOBS)  # a session's first page also stores that it is used
    with CaptureQueriesContext(connection) as queries:
        assert superuser.get(JOBS).status_code == 200
    assert len(queries) <= 20


@pytest.mark.parametrize("is_large", [False, True])
def test_search(superuser: HttpClient, member: Member, settings: Any, is_large: bool):  # noqa: FBT001
    job = job_of(member, state=JobState.DONE)
    user_job: Any = JobFactory(
        tenant=member.tenant, kind="create_vendor_user",
        payload={"client_id": str(member.vendor_user.client_id)},
    )  # fmt: skip
    other: Any = JobFactory(tenant=member.tenant, request_id="req-9", last_error="It timed out.")
    if is_large:
        settings.LIST_WINDOW = 3
    both = {job.pk, user_job.pk}
    for text in ("lovelace", "Ada Lovelace", "C-1", str(member.vendor_user.client_id)):
        assert ids(superuser, q=text) == both, text
    for text in ("MBR-1", str(member.pk), str(job.pk)):
        assert job.pk in ids(superuser, q=text), text
    for text in ("req-9", "timed out", str(other.pk)):
        assert ids(superuser, q=text) == {other.pk}, text
    assert ids(superuser, q="nobody") == set()


def test_jobs_and_customers_of_other_tenants_are_not_searched(staff: Staff, member: Member):
    job_of(member)
    other: Any = TenantFactory()
    http = staff("integrations.view_job", tenants=[other])
    for text in ("lovelace", "MBR-1", str(member.pk)):
        assert ids(http, q=text) == set()


def test_filters(superuser: HttpClient, member: Member):
    due, dead = job_of(member), job_of(member, state=JobState.DEAD, last_error=REFUSED % 1)
    later = job_of(member, run_at=timezone.now() + timedelta(hours=1))
    assert ids(superuser, due="now") == {due.pk}
    assert ids(superuser, due="later") == {later.pk}
    assert ids(superuser, state__exact="dead") == {dead.pk}
    assert ids(superuser, kind="erase_client") == set()
    assert len(ids(superuser, kind="sync_member")) == 3
    assert ids(superuser, error="0") == set()


def test_jobs_with_the_same_error_are_one_group(staff: Staff, member: Member):
    alike = [
        job_of(member, state=JobState.DEAD, last_error=REFUSED % number) for number in range(3)
    ]
    job_of(member, state=JobState.DEAD, last_error="Something else.")
    job_of(member, state=JobState.DONE, last_error=REFUSED % 9)
    rights = ("integrations.view_job", "integrations.change_job")
    http, viewer = staff(*rights, name="operator"), staff(rights[0], name="viewer")
    page = http.get(ERRORS).content.decode()
    assert "3 failed for good, 0 waiting" in page
    digest = re.findall(r"error=(\w+)", page)[0]
    assert ids(http, error=digest) == {job.pk for job in alike}
    path = f"{ERRORS}{digest}/requeue_jobs/"
    assert "Run all again" not in viewer.get(ERRORS).content.decode()
    assert viewer.post(path, {"confirmed": "yes"}).status_code == 403
    assert {state(job) for job in alike} == {JobState.DEAD}
    assert "3 jobs were requeued and run now" in confirm(http, path)
    assert {state(job) for job in alike} == {JobState.READY}
    assert LogEntry.objects.count() == 3


def test_a_group_is_repeated_in_parts(
    superuser: HttpClient, member: Member, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("nucleus.admin.confirmation.MAX_ROWS", 2)
    jobs = [job_of(member, state=JobState.DEAD, last_error=REFUSED % n) for n in range(3)]
    digest = re.findall(r"error=(\w+)", superuser.get(ERRORS).content.decode())[0]
    page = confirm(superuser, f"{ERRORS}{digest}/cancel_jobs/")
    assert "2 jobs were canceled" in page
    assert "1 more jobs have this error" in page
    assert [state(job) for job in jobs] == [JobState.CANCELED, JobState.CANCELED, JobState.DEAD]


def test_buttons(staff: Staff, member: Member):
    rights = ("integrations.view_job", "integrations.change_job")
    http, viewer = staff(*rights, name="operator"), staff(rights[0], name="viewer")
    later = timezone.now() + timedelta(hours=1)
    waiting, dead = job_of(member, run_at=later), job_of(member, state=JobState.DEAD)
    path = f"{JOBS}{waiting.pk}/do/%s/"
    assert "Run now" not in viewer.get(f"{JOBS}{waiting.pk}/change/").content.decode()
    assert viewer.post(path % "requeue_jobs", {"confirmed": "yes"}).status_code == 403
    assert http.post(path % "nothing", {"confirmed": "yes"}).status_code == 404
    assert "1 jobs were requeued" in confirm(http, path % "requeue_jobs")
    assert Job.objects.get(pk=waiting.pk).run_at <= timezone.now()
    assert "1 jobs were requeued" in confirm(http, f"{JOBS}{dead.pk}/do/requeue_jobs/")
    assert "1 jobs were canceled" in confirm(http, path % "cancel_jobs")
    assert state(waiting) == JobState.CANCELED
    page = http.get(path % "requeue_jobs", follow=True).content.decode()
    assert "not possible any more" in page
    assert LogEntry.objects.count() == 3


def test_jobs_that_cannot_be_canceled_are_named(superuser: HttpClient, member: Member):
    erasure: Any = JobFactory(tenant=member.tenant, kind="erase_client")
    rows = [erasure, job_of(member, state=JobState.RUNNING), job_of(member)]
    body = {"action": "cancel_jobs", "confirmed": "yes", "_selected_action": [r.pk for r in rows]}
    page = superuser.post(JOBS, body, follow=True).content.decode()
    assert "1 jobs were canceled" in page
    assert "1 skipped: Erase a customer: others wait for its end" in page
    assert "1 skipped: neither dead nor waiting" in page
    assert "Cancel this job" not in superuser.get(f"{JOBS}{erasure.pk}/change/").content.decode()
