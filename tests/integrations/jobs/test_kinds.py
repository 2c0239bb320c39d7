"""Kinds of jobs: payloads and progress that earlier versions have stored are still read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from integrations.flows.bank_link_numbers import TenantAccount
from integrations.flows.outbound_webhooks import DeliverProgress
from integrations.flows.sync_state import SyncProgress
from integrations.flows.transaction_listing import ListingState
from integrations.flows.verification_job import VerifyPayload, VerifyProgress
from integrations.jobs import job_queue
from integrations.jobs.job_data import JobData
from integrations.jobs.job_kind import JobKind
from integrations.jobs.job_queue import JobRun
from integrations.jobs.kinds import KINDS
from integrations.models import Job
from nucleus.models import Tenant
from tests.factories.integrations import JobFactory

ID = "2035f52d-4b5a-4c0e-9f0e-5a1f0c0b7a11"
MEMBER = "MBR-1"
# As the database of version 0.1 has them. Never change a row; add those of later versions.
STORED_PAYLOADS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("create_vendor_user", {"client_id": ID}, {"client_id": ID}),
    ("retrieve_account", {"aggregation_account_id": ID}, {"aggregation_account_id": ID}),
    (
        "link_member",
        {"vendor_user_id": ID, "member_id": MEMBER},
        {"vendor_user_id": ID, "vendor_member_id": MEMBER},
    ),
    (
        "link_member",
        {"vendor_user_id": ID, "vendor_member_id": MEMBER},
        {"vendor_user_id": ID, "vendor_member_id": MEMBER},
    ),
    (
        "adopt_member",
        {"vendor_user_id": ID, "vendor_member_id": MEMBER},
        {"vendor_user_id": ID, "vendor_member_id": MEMBER},
    ),
    (
        "verify_member",
        {"vendor_user_id": ID, "member_id": MEMBER},
        {"vendor_member_id": MEMBER, "is_started": True, "tenant_account": None},
    ),
    (
        "verify_member",
        {"vendor_user_id": ID, "member_id": MEMBER, "account_id": ID},
        {"tenant_account": TenantAccount(UUID(ID), named_by_client=True)},
    ),
    (
        "verify_member",
        {
            "vendor_user_id": ID,
            "vendor_member_id": MEMBER,
            "is_started": False,
            "account_id": None,
            "account_named_by_client": False,
        },
        {"vendor_member_id": MEMBER, "is_started": False, "tenant_account": None},
    ),
    (
        "sync_member",
        {"member_id": ID, "scope": "balances"},
        {"member_id": ID, "scope": "balances", "only_if_changed": False},
    ),
    (
        "reconcile_member",
        {"member_id": ID, "scope": "everything", "only_news": True},
        {"scope": "everything", "only_if_changed": True},
    ),
    (
        "refresh_member",
        {"member_id": ID, "scope": "everything", "only_news": False},
        {"scope": "everything", "only_if_changed": False},
    ),
    ("follow_owner", {"vendor_user_id": ID}, {"vendor_user_id": ID}),
    ("deactivate_holdings", {"vendor_user_id": ID}, {"vendor_user_id": ID}),
    ("watch_async", {"async_id": ID}, {"async_id": ID}),
    ("erase_client", {"erasure_id": ID}, {"erasure_id": ID}),
    ("deliver_webhook", {"delivery_id": ID}, {"delivery_id": ID}),
]


def handled(kind: JobKind[Any], stored: dict[str, Any]) -> JobData:
    """The payload that the handler of `kind` is called with."""
    payloads: list[JobData] = []
    recording = replace(kind, handler=lambda run, payload: payloads.append(payload))
    recording.run(JobRun(job=Job(kind=kind.name, payload=stored), token=1))
    return payloads[0]


@pytest.mark.parametrize(("name", "stored", "fields"), STORED_PAYLOADS)
def test_a_payload_of_an_earlier_version_is_read(
    name: str, stored: dict[str, Any], fields: dict[str, Any]
):
    payload = handled(KINDS[name], stored)
    assert {field: getattr(payload, field) for field in fields} == fields


def test_there_is_a_stored_payload_of_every_kind():
    assert {name for name, _, _ in STORED_PAYLOADS} == set(KINDS)


@pytest.mark.parametrize(("name", "stored", "fields"), STORED_PAYLOADS)
def test_a_payload_is_read_as_it_was_written(
    name: str, stored: dict[str, Any], fields: dict[str, Any]
):
    payload = handled(KINDS[name], stored)
    assert handled(KINDS[name], payload.to_json()) == payload


LISTING: ListingState = {
    "since": "2026-08-01",
    "until": "2026-11-26",
    "listed_at": "2026-11-21T09:30:00+00:00",
    "cursor": "2",
    "pending": ["TRN-1"],
    "beginnings": 1,
    "stamp": "x",
}


@pytest.mark.parametrize(
    ("stored", "progress"),
    [
        ({"tried": 3}, DeliverProgress(tried=3)),
        ({}, DeliverProgress(tried=0)),
        ({"is_started": True}, VerifyProgress(is_started=True)),
        ({"started": True}, SyncProgress(refresh_started=True)),
        (
            {"stamp": "x", "began": "2026-11-21T09:30:00+00:00", "done": [ID], "listings": {}},
            SyncProgress(
                import_id="x", reading_since="2026-11-21T09:30:00+00:00", done=[ID], listings={}
            ),
        ),
        ({"listings": {ID: LISTING}}, SyncProgress(listings={ID: LISTING})),
    ],
)
def test_the_progress_of_an_earlier_version_is_read(stored: dict[str, Any], progress: JobData):
    run = JobRun(job=Job(progress=stored), token=1)
    assert run.progress(type(progress)) == progress


def test_progress_is_stored_under_the_keys_of_earlier_versions():
    progress = SyncProgress(refresh_started=True, import_id="x", reading_since="y", done=[ID])
    stored = {"started": True, "stamp": "x", "began": "y", "done": [ID]}
    assert progress.to_json() == stored


def test_a_verification_is_started_by_the_request_unless_the_payload_denies_it():
    assert VerifyPayload(vendor_user_id=ID, vendor_member_id=MEMBER).is_started


@pytest.mark.django_db
def test_recorded_progress_leaves_other_progress_as_it_is():
    job = JobFactory(state="running", token=1, progress={"started": True, "done": ["a"]})
    run = JobRun(job=job, token=1)
    run.renew(SyncProgress(done=["a", "b"]))
    job.refresh_from_db()
    assert job.progress == {"started": True, "done": ["a", "b"]}
    assert job.lease_until > job_queue.database_now()


@pytest.mark.django_db
def test_waiting_work_is_not_enqueued_again(tenant: Tenant):
    kind = KINDS["create_vendor_user"]
    payload = kind.payload_type(client_id=ID)
    job = kind.enqueue(tenant=tenant, payload=payload)
    assert kind.enqueue(tenant=tenant, payload=payload) == job
    assert kind.enqueue(tenant=tenant, payload=kind.payload_type(client_id="other")) != job
    assert job.pending_key == f"{tenant.pk}:create_vendor_user:{ID}"
