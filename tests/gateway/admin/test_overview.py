"""The overview: its numbers, that each leads to its list, who sees which, and the environment."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client as HttpClient
from django.utils import timezone

from integrations.flows.overview import percentile
from integrations.models import (
    AuditLog,
    InboundWebhook,
    JobState,
    Member,
    OutboundEvent,
    VendorCredential,
    VendorUser,
    WebhookDelivery,
    WebhookSubscription,
)
from nucleus.models import Tenant
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import ClientFactory, TenantFactory
from tests.gateway.admin.conftest import Staff

PATH = "/admin/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_cached_numbers() -> None:
    cache.clear()


def populate(tenant: Tenant) -> None:
    """One connection that works, two of a bank in trouble, jobs, webhooks and calls."""
    VendorCredential(tenant=tenant, client_id="id", secret="key").save()
    client: Any = ClientFactory(tenant=tenant)
    user = VendorUser.unscoped.create(tenant=tenant, client=client, vendor="mx", identifier="i")
    now = timezone.now()
    for number, actor in enumerate(["nobody", "vendor", "vendor", "staff"]):
        Member.unscoped.create(
            tenant=tenant, vendor_user=user, vendor_member_id=f"MBR-{number}", name="MX Bank",
            actor=actor, checked_at=now, successfully_aggregated_at=now - timedelta(hours=number),
            broken_since=None if actor == "nobody" else now - timedelta(days=number),
        )  # fmt: skip
    JobFactory(tenant=tenant, run_at=now - timedelta(hours=2))
    JobFactory(tenant=tenant, run_at=now + timedelta(hours=2))
    JobFactory(tenant=tenant, state=JobState.DEAD)
    for milliseconds, error in ((90, ""), (90, ""), (90, ""), (900, "vendor_unavailable")):
        AuditLog.objects.create(
            tenant=tenant, vendor="mx", operation="read_member", method="GET", path_template="/",
            duration_ms=milliseconds, error=error,
        )  # fmt: skip
    InboundWebhook.objects.create(
        tenant=tenant, vendor="mx", body="{}", digest="0", state="quarantined"
    )
    subscription = WebhookSubscription(tenant=tenant, url="https://demo.example/")
    subscription.save()
    event = OutboundEvent.unscoped.create(tenant=tenant, type="t", payload="{}")
    WebhookDelivery.unscoped.create(tenant=tenant, event=event, subscription=subscription)


def texts(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.split('id="overview"')[1])).split())


def test_the_numbers(superuser: HttpClient, tenant: Tenant, django_assert_max_num_queries: Any):
    populate(tenant)
    with django_assert_max_num_queries(20):
        html = superuser.get(PATH).content.decode()
    text = texts(html)
    for part in (
        "We 1", "The customer 0", "The bank or vendor 2", "Nobody 1",
        "Waiting for us 1 We 3 d ago",
        "Trouble at the bank or vendor 2 The bank or vendor 2 d ago",
        "Works 1 Nobody just now",
        "Within 24 hours 4",
        "MX Bank 2 2 d ago",
        "Waiting 2 Of these overdue, the first since 2 h 1 Running 0 Dead 1",
        "4 calls in 24 hours, 25.0 % failed",
        "4 25.0 % ≤ 100 ms ≤ 1,200 ms",
        "1 in 24 hours, 1 not understood",
        "1 in 24 hours, 0 given up",
    ):  # fmt: skip
        assert part in text, part
    assert html.count("<h1") == 1


def test_every_number_leads_to_its_list(superuser: HttpClient, tenant: Tenant):
    populate(tenant)
    html = superuser.get(PATH).content.decode().split('id="overview"')[1]
    links = {unescape(link) for link in re.findall(r'<td[^>]*><a href="([^"]+)"', html)}
    assert "/admin/integrations/member/?attention=us" in links
    assert "/admin/integrations/job/?state__exact=dead" in links
    for link in links:
        assert superuser.get(link).status_code == 200, link
    list_html = superuser.get("/admin/integrations/member/?imported=never").content.decode()
    assert "MX Bank" not in list_html


def test_staff_see_their_tenants_and_may_choose_one(staff: Staff, tenant: Tenant):
    other: Any = TenantFactory()
    populate(tenant)
    populate(other)
    permissions = ("integrations.view_member", "integrations.view_job")
    own = staff(*permissions, name="own", tenants=[tenant])
    assert "We 1" in texts(own.get(PATH).content.decode())
    assert "We 1" in texts(own.get(f"{PATH}?tenant={other.pk}").content.decode())  # as if none
    both = staff(*permissions, name="both")
    assert "We 2" in texts(both.get(PATH).content.decode())
    html = both.get(f"{PATH}?tenant={other.pk}").content.decode()
    assert "We 1" in texts(html)
    assert f"attention=us&amp;tenant__id__exact={other.pk}" in html
    assert both.get(f"{PATH}?tenant=zzz").status_code == 200


def test_staff_see_the_parts_that_they_may_open(staff: Staff, tenant: Tenant):
    populate(tenant)
    text = texts(staff("integrations.view_job").get(PATH).content.decode())
    assert "Dead 1" in text
    assert "Webhooks" not in text
    assert "MX Bank" not in text
    assert "Your roles show no numbers" in staff(name="nobody").get(PATH).content.decode()


@pytest.mark.parametrize(
    ("environments", "label"),
    [
        (("development",), "Sandbox"),
        (("production",), "Production"),
        (("production", "custom"), "Production and sandbox"),
    ],
)
def test_the_environment(superuser: HttpClient, environments: tuple[str, ...], label: str):
    for environment in environments:
        tenant: Any = TenantFactory()
        VendorCredential(
            tenant=tenant, client_id="id", secret="key", environment=environment
        ).save()
    html = superuser.get(PATH).content.decode()
    assert re.search(rf">\s*{label}\s*</span>", html)


def test_without_credentials_there_is_no_environment(superuser: HttpClient):
    assert not re.search(
        r">\s*(Sandbox|Production)\s*</span>", superuser.get(PATH).content.decode()
    )


def test_percentiles_of_classes():
    counts = [(50, 10), (100, 9), (200, 1)]
    assert [percentile(counts, share) for share in (0.5, 0.95, 1)] == [50, 100, 200]
    assert percentile([], 0.5) is None
