"""Jobs that wait for a credential run as soon as it works; requeueing says what it did."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client as HttpClient

from gateway import provisioning
from integrations import circuit_breaker, vendor_sessions
from integrations.flows import credentials
from integrations.jobs import claims, job_queue, requeue, runner
from integrations.models import CredentialHealth, Job, JobState, VendorCredential
from integrations.vendors import errors
from integrations.vendors.base import CallRecord
from integrations.vendors.errors import VendorNotConfigured
from nucleus.models import Tenant
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import TenantFactory
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=15)
REFUSED = CallRecord("mx", "read_user", "GET", "/users", 1, 401, 5, "vendor_access_denied")
WOKEN: list[Any] = []


def record_wake(**about: Any) -> None:
    WOKEN.append(about["job_id"])


@pytest.fixture
def credential(tenant: Tenant, mx: Sandbox) -> VendorCredential:
    row: VendorCredential = VendorCredential.unscoped.get(tenant=tenant)
    circuit_breaker.read(row).record(REFUSED)
    return row


@pytest.fixture
def postponed(tenant: Tenant, credential: VendorCredential) -> Job:
    """A job of the tenant that the refused credential keeps waiting."""
    return JobFactory(
        tenant=tenant, run_at=job_queue.database_now() + LATER, postponed_by="mx",
        last_error="vendor_access_denied: The vendor refuses this credential",
    )  # fmt: skip


def is_due(job: Job) -> bool:
    job.refresh_from_db()
    return job.run_at <= job_queue.database_now()


def save(credential: VendorCredential) -> None:
    credential.save()


def provision(credential: VendorCredential) -> None:
    provisioning.credential(
        owner=credential.tenant, vendor="mx", api=credential.api, environment="custom",
        base_url=credential.base_url, client_id=credential.client_id, secret=credential.secret,
    )  # fmt: skip


def succeed(credential: VendorCredential) -> None:
    with vendor_sessions.open_for_tenant(tenant=credential.tenant, vendor="mx") as vendor:
        vendor.find_user(identifier="nobody")


def check(credential: VendorCredential) -> None:
    assert credentials.test(credential=credential).ok


@pytest.mark.parametrize("event", [save, provision, succeed, check])
def test_postponed_jobs_are_due_when_the_credential_works_or_changes(
    postponed: Job, credential: VendorCredential, event: Any
):
    foreign_job = JobFactory(
        tenant=TenantFactory(), run_at=job_queue.database_now() + LATER, postponed_by="mx"
    )
    own_reason = JobFactory(tenant=postponed.tenant, run_at=job_queue.database_now() + LATER)
    event(credential)
    assert is_due(postponed)
    assert not is_due(foreign_job)
    assert not is_due(own_reason)


def test_a_credential_that_is_refused_again_releases_nothing(
    postponed: Job, credential: VendorCredential, mx: Sandbox
):
    mx.fault(path="/users*", status=401)
    assert not credentials.test(credential=credential).ok
    assert not is_due(postponed)


def test_a_deactivated_credential_releases_nothing(postponed: Job, credential: VendorCredential):
    credential.is_active = False
    credential.save()
    assert not is_due(postponed)


def test_workers_are_woken_for_released_jobs(
    settings: Any, postponed: Job, credential: VendorCredential,
    django_capture_on_commit_callbacks: Any,
):  # fmt: skip
    settings.JOB_WAKER = f"{__name__}.record_wake"
    WOKEN.clear()
    with django_capture_on_commit_callbacks(execute=True):
        credential.save()
    assert [postponed.pk] == WOKEN


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> Job:
    def handler(run: Any) -> None:
        raise error

    monkeypatch.setitem(runner.HANDLERS, "test", handler)
    job = JobFactory(tenant=Tenant.objects.get())
    runner.drain()
    job.refresh_from_db()
    return job


def test_a_postponed_job_names_the_vendor_that_it_waits_for(
    monkeypatch: pytest.MonkeyPatch, credential: VendorCredential
):
    job = fail_with(monkeypatch, errors.VendorAccessDenied(vendor="mx", status=401))
    assert (job.state, job.postponed_by, job.attempts) == (JobState.READY, "mx", 0)
    assert not is_due(job)
    job = fail_with(monkeypatch, errors.VendorUnavailable(vendor="mx", status=503))
    assert (job.postponed_by, job.attempts) == ("", 1)


def test_a_job_that_ran_while_the_credential_was_changed_is_retried_soon(
    monkeypatch: pytest.MonkeyPatch, credential: VendorCredential
):
    credential.save()
    job = fail_with(monkeypatch, errors.VendorAccessDenied(vendor="mx", status=401))
    assert job.run_at <= job_queue.database_now() + timedelta(seconds=10)


def test_a_paused_call_costs_no_attempt(
    monkeypatch: pytest.MonkeyPatch, credential: VendorCredential
):
    """However long the vendor is down: no call was made."""
    down = CallRecord("mx", "read_user", "GET", "/users", 1, 503, 5, "vendor_unavailable")
    for _ in range(10):
        circuit_breaker.read(credential).record(down)

    def handler(run: Any) -> None:
        with vendor_sessions.open_for_tenant(tenant=run.tenant, vendor="mx", interactive=False):
            raise AssertionError("nobody may call now")

    monkeypatch.setitem(runner.HANDLERS, "test", handler)
    job = JobFactory(tenant=credential.tenant)
    for _ in range(10):
        runner.drain()
        Job.objects.update(run_at=job_queue.database_now())
    job.refresh_from_db()
    assert (job.state, job.attempts, job.postponed_by) == (JobState.READY, 0, "mx")


def switch_off(credential: VendorCredential) -> None:
    credential.is_active = False
    credential.save()


def switch_on(credential: VendorCredential) -> None:
    credential.is_active = True
    credential.save()


def delete(credential: VendorCredential) -> None:
    VendorCredential.unscoped.get(pk=credential.pk).delete()


@pytest.mark.parametrize(("end", "begin"), [(switch_off, switch_on), (delete, provision)])
def test_jobs_wait_for_a_missing_credential(
    monkeypatch: pytest.MonkeyPatch, credential: VendorCredential, end: Any, begin: Any
):
    def handler(run: Any) -> None:
        with vendor_sessions.open_for_tenant(tenant=run.tenant, vendor="mx", interactive=False):
            pass

    monkeypatch.setitem(runner.HANDLERS, "test", handler)
    end(credential)
    job = JobFactory(tenant=credential.tenant)
    runner.drain()
    job.refresh_from_db()
    assert (job.state, job.postponed_by, job.attempts) == (JobState.READY, "mx", 0)
    assert job.run_at > job_queue.database_now() + timedelta(minutes=14)
    begin(credential)
    assert is_due(job)
    runner.drain()
    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_an_unusable_active_credential_is_not_tried_continually(
    monkeypatch: pytest.MonkeyPatch, credential: VendorCredential
):
    VendorCredential.unscoped.update(update_date=job_queue.database_now() - LATER)
    error = VendorNotConfigured("This host is not allowed.", vendor="mx")
    job = fail_with(monkeypatch, error)
    assert job.run_at > job_queue.database_now() + timedelta(minutes=14)


@pytest.fixture
def merging() -> tuple[Job, Job]:
    """A dead job, and the same work parked until later."""
    dead = JobFactory(state=JobState.DEAD, pending_key="same work")
    parked = JobFactory(
        tenant=dead.tenant, pending_key="same work",
        run_at=job_queue.database_now() + LATER, postponed_by="mx",
    )  # fmt: skip
    return dead, parked


def test_a_dead_job_that_is_merged_makes_the_waiting_one_due(merging: tuple[Job, Job]):
    dead, parked = merging
    assert requeue.requeue(dead) is requeue.Requeued.MERGED
    dead.refresh_from_db()
    assert dead.state == JobState.MERGED
    assert is_due(parked)


def test_the_summary_counts_requeued_and_merged_jobs(merging: tuple[Job, Job]):
    JobFactory(state=JobState.DEAD)
    JobFactory(state=JobState.DONE)
    outcome = requeue.requeue_all(Job.objects.exclude(state=JobState.READY))
    assert outcome == (
        "1 jobs were requeued and run now; 1 were merged with the same work that was waiting and "
        "runs now."
    )


def test_the_command_reports_a_merged_job(merging: tuple[Job, Job]):
    out = io.StringIO()
    call_command("jobs", "retry", str(merging[0].pk), stdout=out)
    assert "merged" in out.getvalue()
    assert is_due(merging[1])


def test_waiting_jobs_can_be_requeued_in_the_admin(admin_client: HttpClient, postponed: Job):
    body = {"action": "requeue_jobs", "_selected_action": str(postponed.pk), "confirmed": "yes"}
    page = admin_client.post("/admin/integrations/job/", body, follow=True).content.decode()
    assert "1 jobs were requeued and run now" in page
    assert is_due(postponed)


def test_the_admin_distinguishes_untested_from_working_credentials(
    admin_client: HttpClient, tenant: Tenant, mx: Sandbox
):
    def listed() -> str:
        return admin_client.get("/admin/integrations/vendorcredential/").content.decode()

    assert "Not tested" in listed()
    check(VendorCredential.unscoped.get())
    assert "Working (last success 20" in listed()
    CredentialHealth.objects.all().delete()
    circuit_breaker.read(VendorCredential.unscoped.get()).record(REFUSED)
    assert "Credential refused (no call worked yet)" in listed()


def test_a_claimed_job_is_not_requeued(postponed: Job, credential: VendorCredential):
    Job.objects.update(run_at=job_queue.database_now())
    run = claims.claim()
    assert run is not None
    credential.save()
    postponed.refresh_from_db()
    assert (postponed.state, postponed.token) == (JobState.RUNNING, run.token)
    assert requeue.requeue(postponed) is None
