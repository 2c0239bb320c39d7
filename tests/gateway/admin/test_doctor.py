"""The doctor's page: what must be fixed, for whom, with the page where it is fixed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client as HttpClient
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from gateway.diagnostics import installation, tenants
from gateway.diagnostics.findings import Finding
from integrations.models import (
    AggregationSettings,
    AuditLog,
    Diagnosis,
    JobState,
    VendorCredential,
)
from nucleus.models import StaffAction, Tenant
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import TenantFactory
from tests.gateway.admin.conftest import Staff
from tests.sandbox_process import Sandbox

DOCTOR = "/admin/doctor/"
BADGE = re.compile(r"<span>Doctor</span>\s*<span[^>]*bg-red[^>]*>\s*(\d+)\s*</span>")
LOOK, CHANGE = "integrations.view_vendorcredential", "integrations.change_vendorcredential"


@pytest.fixture(autouse=True)
def services(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Without broker and public address, which tests of the command look at."""
    settings.BROKER_URL = ""
    nothing: list[Finding] = []
    monkeypatch.setattr(installation, "settings_findings", lambda: iter(nothing))
    address = Finding(installation.OK, "Public address", "It answers.")
    monkeypatch.setattr(installation, "public_address_finding", lambda: address)
    return iter(())


def badge(http: HttpClient) -> int:
    match = BADGE.search(http.get(DOCTOR).content.decode())
    return int(match[1]) if match else 0


def text_of(http: HttpClient) -> str:
    return " ".join(http.get(DOCTOR).content.decode().split())


def test_wrong_keys_are_a_red_number_until_they_work(mx: Sandbox, superuser: HttpClient):
    row = VendorCredential.unscoped.get()
    right = row.secret
    row.secret = "wrong"
    row.save()
    assert badge(superuser) == 0
    assert superuser.post(DOCTOR)["Location"] == DOCTOR
    text = text_of(superuser)
    assert "Must be fixed: Credentials" in text
    assert "MX does not accept the keys" in text
    assert f"/admin/integrations/vendorcredential/{row.pk}/change/" in text
    assert "The stored secrets that were tried can be decrypted." in text
    assert badge(superuser) == 1
    assert LogEntry.objects.filter(change_message="Ran the doctor.").exists()
    assert StaffAction.objects.filter(message="Ran the doctor.").exists()
    row.secret = right
    row.save()
    assert badge(superuser) == 0
    superuser.post(DOCTOR)
    assert "MX accepts these keys" in text_of(superuser)
    assert "clock agrees with that of MX" in text_of(superuser)


def test_viewing_makes_no_calls_and_few_queries(
    mx: Sandbox, superuser: HttpClient, django_assert_max_num_queries: Any
):
    with CaptureQueriesContext(connection) as few:
        superuser.get(DOCTOR)
    for number in range(15):
        TenantFactory(name=f"tenant {number}", slug=f"tenant-{number}")
    with django_assert_max_num_queries(min(len(few) + 1, 20)):
        superuser.get(DOCTOR)
    assert not AuditLog.objects.exists()


def test_keys_that_are_refused_now_are_named_before_anybody_checks(
    mx: Sandbox, superuser: HttpClient
):
    row = VendorCredential.unscoped.get()
    row.secret = "wrong"
    row.save()
    superuser.post(f"/admin/integrations/vendorcredential/{row.pk}/test/")
    assert badge(superuser) == 1
    assert "Keys that the vendor refuses now" in text_of(superuser)


def test_staff_of_a_tenant_see_theirs_and_nothing_of_the_installation(
    mx: Sandbox, tenant: Tenant, superuser: HttpClient, staff: Staff
):
    other: Any = TenantFactory(name="Elsewhere", slug="elsewhere")
    JobFactory(tenant=other, state=JobState.DEAD)
    superuser.post(DOCTOR)
    assert "1 jobs are dead" in text_of(superuser)
    assert badge(superuser) == 2  # no keys there, and the job
    own = staff(LOOK, CHANGE, name="own", tenants=[tenant])
    text = text_of(own)
    assert str(tenant) in text
    assert "Elsewhere" not in text
    assert "Installation" not in text
    assert badge(own) == 0
    Diagnosis.objects.all().delete()
    own.post(DOCTOR)
    assert Diagnosis.objects.get().tenant == tenant


def test_who_may_look_and_who_may_check(mx: Sandbox, staff: Staff):
    viewer = staff(LOOK)
    assert "Check again" not in text_of(viewer)
    assert viewer.post(DOCTOR).status_code == 403
    assert not AuditLog.objects.exists()
    nobody = staff("nucleus.view_client", name="nobody")
    assert nobody.get(DOCTOR).status_code == 403
    assert "/admin/doctor/" not in nobody.get("/admin/").content.decode()
    assert HttpClient().get(DOCTOR).status_code == 302


def test_an_address_that_mx_cannot_reach(tenant: Tenant, settings: Settings):
    settings.PUBLIC_URL = "http://10.0.0.1:8000"
    AggregationSettings(tenant=tenant, webhook_user="hook", webhook_secret="secret").save()
    row = VendorCredential(tenant=tenant, environment="development", client_id="i", secret="s")
    messages = [finding.message for finding in tenants._webhook_findings(tenant, [row])]
    assert any("MX cannot reach http://10.0.0.1:8000" in message for message in messages)
    settings.PUBLIC_URL = "https://gateway.bank.example"
    levels = [finding.level for finding in tenants._webhook_findings(tenant, [row])]
    assert levels == ["OK"]


@pytest.mark.parametrize(
    ("offset", "text"),
    [
        (1.0, "agrees with that of MX"),
        (45.2, "45 s behind that of MX"),
        (-3600.0, "3600 s ahead of that of MX"),
    ],
)
def test_the_clock(offset: float, text: str):
    finding = tenants.clock_finding("MX", offset)
    assert text in finding.message
    assert (finding.level == "OK") is (abs(offset) < 30)
