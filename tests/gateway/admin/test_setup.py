"""The set-up page of a tenant ticks its steps from facts, and leads to each step's page."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as HttpClient

from gateway.admin import setup_page
from integrations.models import AggregationSettings, InboundWebhook, Member, VendorUser
from nucleus.models import Tenant
from tests.factories.nucleus import ClientFactory, TenantFactory
from tests.gateway.admin.conftest import Staff
from tests.sandbox_process import PLATFORM_KEYS, Sandbox

LOOK = "integrations.view_vendorcredential"
STATES = re.compile(r"<h2[^>]*>(\d)\. [^<]*<span[^>]*>([^<]+)</span></h2>")
LINK = re.compile(r'href="([^"]+)" aria-label="Open the page of step (\d)')


def setup_path(tenant: Tenant) -> str:
    return f"/admin/setup/{tenant.pk}/"


def states(http: HttpClient, tenant: Tenant) -> list[str]:
    page = http.get(setup_path(tenant)).content.decode()
    return [state for _, state in STATES.findall(page)]


def links(http: HttpClient, tenant: Tenant) -> dict[str, str]:
    page = http.get(setup_path(tenant)).content.decode()
    return {number: html.unescape(path) for path, number in LINK.findall(page)}


def test_from_an_empty_installation_to_the_first_connection(
    db: Any, superuser: HttpClient, sandbox: Sandbox
):
    assert "Add the first tenant" in superuser.get("/admin/").content.decode()
    assert "Add the first tenant" in superuser.get("/admin/setup/").content.decode()
    body: dict[str, Any] = {"name": "Demo", "slug": "demo", "currency_code": "USD"}
    added = superuser.post("/admin/nucleus/tenant/add/", body | {"is_active": "on"})
    tenant = Tenant.objects.get()
    assert added["Location"] == setup_path(tenant)
    assert superuser.get("/admin/setup/")["Location"] == setup_path(tenant)
    assert f"Go on with the set-up of {tenant}" in superuser.get("/admin/").content.decode()
    assert states(superuser, tenant) == ["Next", *["To do"] * 5]

    keys = links(superuser, tenant)["1"]
    assert f'value="{tenant.pk}" selected' in superuser.get(keys).content.decode()
    body = {
        "tenant": tenant.pk, "versioned_api": "mx/platform/", "environment": "custom",
        "base_url": sandbox.base_url, "client_id": PLATFORM_KEYS[0], "secret": PLATFORM_KEYS[1],
        "is_active": "on",
    }  # fmt: skip
    assert superuser.post(keys, body)["Location"] == setup_path(tenant)
    assert states(superuser, tenant)[:2] == ["Done", "Next"]
    superuser.post(links(superuser, tenant)["2"], body | {"secret": "", "_test": "1"})
    assert states(superuser, tenant)[:3] == ["Done", "Done", "Next"]
    assert "Works, tested 20" in superuser.get(setup_path(tenant)).content.decode()

    body = {"tenant": tenant.pk, "vendor": "mx", "history_days": "30", "deep_read_days": "30"}
    added = superuser.post(links(superuser, tenant)["3"], body)
    assert added["Location"] == setup_path(tenant)
    assert states(superuser, tenant)[2:4] == ["Done", "Next"]
    access = {"webhook_user": "hook", "webhook_secret": "a secret"}
    assert superuser.post(links(superuser, tenant)["4"], body | access).status_code == 302
    assert states(superuser, tenant)[3:5] == ["Done", "Next"]
    page = superuser.get(setup_path(tenant)).content.decode()
    assert AggregationSettings.unscoped.get().webhook_path in page
    assert "<code>hook</code>" in page
    assert "a secret" not in page

    InboundWebhook.objects.create(tenant=tenant, vendor="mx", body="{}", digest="0")
    assert states(superuser, tenant)[4:] == ["Done", "Next"]
    client: Any = ClientFactory(tenant=tenant)
    owner = VendorUser.unscoped.create(tenant=tenant, client=client, vendor="mx", identifier="i")
    Member.unscoped.create(tenant=tenant, vendor_user=owner, vendor_member_id="MBR-1")
    assert states(superuser, tenant) == ["Done"] * 6
    for path in links(superuser, tenant).values():
        assert superuser.get(path).status_code == 200, path
    assert "Go on with the set-up" not in superuser.get("/admin/").content.decode()


def test_refused_keys_are_not_done(mx: Sandbox, tenant: Tenant, superuser: HttpClient):
    mx.fault(path="/users*", status=401)
    keys = links(superuser, tenant)["1"].replace("change/", "test/")
    superuser.post(keys)
    assert states(superuser, tenant)[:2] == ["Done", "Next"]


def test_staff_see_the_set_up_of_their_tenants(tenant: Tenant, staff: Staff):
    other: Any = TenantFactory(name="Elsewhere", slug="elsewhere")
    own = staff(LOOK, name="own", tenants=[tenant])
    assert own.get("/admin/setup/")["Location"] == setup_path(tenant)
    assert own.get(setup_path(other)).status_code == 404
    both = staff(LOOK, name="both")
    page = both.get("/admin/setup/").content.decode()
    assert "Elsewhere" in page
    assert "0 of 6 steps done. Next: Enter MX&#x27;s keys" in page
    assert "Add a tenant" not in page
    AggregationSettings(tenant=tenant, webhook_user="hook").save()
    assert "/webhooks/mx/" not in both.get(setup_path(tenant)).content.decode()
    nobody = staff("nucleus.view_client", name="nobody")
    assert nobody.get(setup_path(tenant)).status_code == 403
    assert nobody.get("/admin/setup/").status_code == 403
    assert both.post(setup_path(tenant)).status_code == 405


def test_the_start_page_reads_incomplete_tenants_in_one_statement(
    db: Any, superuser: HttpClient, django_assert_num_queries: Any
):
    for number in range(25):
        TenantFactory(name=f"tenant {number}", slug=f"tenant-{number}")
    user = User.objects.get(username="root")
    with django_assert_num_queries(1):
        assert len(setup_page.incomplete_setups(user)) == setup_page.MAX_INCOMPLETE
    page = superuser.get("/admin/").content.decode()
    assert page.count("Go on with the set-up of") == setup_page.MAX_INCOMPLETE


@pytest.mark.parametrize("path", ["/admin/setup/", "/admin/setup/nonsense/"])
def test_visitors_log_in_first(db: Any, path: str):
    assert HttpClient().get(path).status_code == 302
