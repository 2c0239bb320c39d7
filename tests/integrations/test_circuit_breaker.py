"""Calls pause when they make no sense, for this credential only, and begin again by themselves."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from integrations import vendor_sessions
from integrations.flows import credentials
from integrations.jobs import runner
from integrations.models import AuditLog, CredentialHealth, Job, JobState, VendorCredential
from integrations.vendors.errors import VendorAccessDenied, VendorError, VendorRateLimited
from nucleus.models import Client, Tenant
from tests.api import Api
from tests.conftest import connect_tenant
from tests.factories.nucleus import TenantFactory
from tests.sandbox_process import Sandbox

State = CredentialHealth.State
UNKNOWN_USER = "USR-00000000-0000-4000-8000-000000000000"


def call_vendor(tenant: Tenant) -> VendorError | None:
    """One call; its error."""
    try:
        with vendor_sessions.open_for_tenant(
            tenant=tenant, vendor="mx", interactive=False
        ) as vendor:
            vendor.list_members(user_id=UNKNOWN_USER)
    except VendorError as error:
        return error
    return None


def calls() -> int:
    return AuditLog.objects.count()


def later(seconds: float) -> None:
    """As if that much time had passed."""
    for row in CredentialHealth.objects.exclude(retry_at=None):
        assert row.retry_at is not None
        row.retry_at -= timedelta(seconds=seconds)
        row.save()


def test_ten_failures_open_the_circuit_and_one_call_probes(tenant: Tenant, mx: Sandbox):
    mx.fault(path="/users/*", status=503, count=1000)
    while not CredentialHealth.objects.exclude(retry_at=None).exists():
        call_vendor(tenant)
    assert calls() >= 10
    before = calls()
    error = call_vendor(tenant)
    assert error is not None
    assert error.code == "vendor_unavailable"
    assert error.retry_after is not None
    assert calls() == before  # no call was made
    later(60)
    call_vendor(tenant)  # the probe
    assert calls() > before
    before = calls()
    call_vendor(tenant)
    assert calls() == before
    mx.heal()
    later(600)
    call_vendor(tenant)
    later(600)
    healed = call_vendor(tenant)
    assert healed is not None
    assert healed.code == "vendor_user_not_found"  # MX's own answer again


def test_a_successful_call_closes_the_circuit(tenant: Tenant, mx: Sandbox):
    mx.fault(path="/users*", status=503, count=3)
    call_vendor(tenant)
    assert CredentialHealth.objects.get().failures == 3
    with vendor_sessions.open_for_tenant(tenant=tenant, vendor="mx") as vendor:
        vendor.find_user(identifier="nobody")
    assert CredentialHealth.objects.get().state == State.WORKING


def test_the_pause_of_a_429_is_kept(tenant: Tenant, mx: Sandbox):
    mx.fault(path="/users/*", status=429, headers={"Retry-After": "120"})
    assert isinstance(call_vendor(tenant), VendorRateLimited)
    before = calls()
    refused = call_vendor(tenant)
    assert isinstance(refused, VendorRateLimited)
    assert 100 < (refused.retry_after or 0) <= 120
    assert calls() == before
    later(121)
    call_vendor(tenant)
    assert calls() > before


def test_a_refused_credential_pauses_calls_until_it_is_tested(
    tenant: Tenant, mx: Sandbox, api: Api, nucleus_client: Client
):
    mx.fault(path="/users*", status=401, count=1)
    assert isinstance(call_vendor(tenant), VendorAccessDenied)
    before = calls()
    body = {"nucleus_client_id": nucleus_client.id, "product": "atom", "vendor_name": "mx"}
    paused = call_vendor(tenant)
    assert isinstance(paused, VendorAccessDenied)
    assert "Test connection" in str(paused)
    assert calls() == before
    credential = VendorCredential.unscoped.get()
    assert credentials.test(credential=credential).ok
    error = call_vendor(tenant)
    assert error is not None
    assert error.code == "vendor_user_not_found"
    mx.fault(path="/users*", status=401, count=1)
    call_vendor(tenant)
    # Interactive calls are allowed, and their results count.
    assert api.post("/integration/v1/user", body).status_code == 200
    assert CredentialHealth.objects.get().state == State.WORKING


def test_a_changed_credential_is_used_at_once(tenant: Tenant, mx: Sandbox):
    mx.fault(path="/users*", status=401, count=1)
    call_vendor(tenant)
    VendorCredential.unscoped.get().save()
    error = call_vendor(tenant)
    assert error is not None
    assert error.code == "vendor_user_not_found"


def test_jobs_outlast_a_refused_credential(
    tenant: Tenant, mx: Sandbox, api: Api, linked: list[dict[str, Any]]
):
    mx.fault(path="/users/*", status=401, count=1)
    runner.drain()
    assert not Job.objects.filter(state=JobState.DEAD).exists()
    assert Job.objects.filter(state=JobState.READY).count() == len(linked)
    VendorCredential.unscoped.get().save()
    runner.drain()
    assert Job.objects.filter(state=JobState.DONE).count() == len(linked)


def test_the_rate_limiter_spaces_calls(settings: Any, tenant: Tenant, mx: Sandbox):
    settings.VENDOR_CALLS_PER_SECOND = 10
    began = time.monotonic()
    for _ in range(4):
        call_vendor(tenant)
    assert time.monotonic() - began >= 0.3


def test_other_tenants_are_not_affected(tenant: Tenant, mx: Sandbox):
    other = TenantFactory()
    connect_tenant(other, mx)
    mx.fault(path="/users/*", status=401, count=1)
    call_vendor(tenant)
    error = call_vendor(other)
    assert error is not None
    assert error.code == "vendor_user_not_found"


@pytest.fixture
def member_guid(mx: Sandbox, api: Api, nucleus_client: Client) -> str:
    body = {"nucleus_client_id": nucleus_client.id, "product": "atom", "vendor_name": "mx"}
    return mx.connect(api.post("/integration/v1/user", body).data["vendor_response"]["guid"])


@pytest.fixture
def linked(api: Api, nucleus_client: Client, member_guid: str) -> list[dict[str, Any]]:
    body = {"nucleus_client_id": nucleus_client.id, "product": "atom"}
    response = api.post("/integration/v1/aggregation/account", body).data
    return [row["body"] for row in response["nucleus_aggregation_accounts"]]
