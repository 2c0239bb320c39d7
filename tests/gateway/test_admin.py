"""Screens of the admin: credentials, settings, applications and jobs."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client as HttpClient
from django.urls import reverse

from gateway.access.models import Application
from integrations.models import (
    AggregationSettings,
    Job,
    JobState,
    Member,
    VendorCredential,
    VendorUser,
)
from nucleus.models import StaffAccess, Tenant
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BankLinkFactory,
    BusinessFactory,
    ClientFactory,
)
from tests.gateway.access.test_jwt_grant import PUBLIC
from tests.sandbox_process import API_KEY, CLIENT_ID, Sandbox

AUTOMATIC_RETRIEVAL = (
    "Automatically retrieve the latest balance, transactions and holdings after initial "
    "Aggregation Account creation"
)
CREDENTIALS = "/admin/integrations/vendorcredential/"
SETTINGS = "/admin/integrations/aggregationsettings/"


@pytest.fixture
def staff(db: Any) -> HttpClient:
    http = HttpClient()
    http.force_login(get_user_model().objects.create_superuser("staff", password="x" * 20))
    return http


def form(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    return {
        "tenant": tenant.pk, "versioned_api": "mx/platform/", "environment": "development",
        "base_url": "", "client_id": CLIENT_ID, "secret": API_KEY, "is_active": "on", **changes,
    }  # fmt: skip


def test_the_admin_needs_a_log_in(db: Any):
    assert HttpClient().get(CREDENTIALS).status_code == 302
    http = HttpClient()
    http.force_login(get_user_model().objects.create_user("user", password="x" * 20))
    assert http.get(CREDENTIALS).status_code == 302


def test_pasting_keys(staff: HttpClient, tenant: Tenant):
    page = staff.get(CREDENTIALS + "add/").content.decode()
    for message in (
        "Username/Client Id",
        "Password/Client Secret",
        "MX production",
        "MX development",
    ):
        assert message in page
    assert staff.post(CREDENTIALS + "add/", form(tenant)).status_code == 302
    row = VendorCredential.unscoped.get()
    assert (row.client_id, row.secret) == (CLIENT_ID, API_KEY)


def test_a_secret_never_comes_back_and_stays_when_left_empty(
    staff: HttpClient, tenant: Tenant, mx: Sandbox
):
    row = VendorCredential.unscoped.get()
    path, secret = f"{CREDENTIALS}{row.pk}/change/", row.secret
    assert secret not in staff.get(path).content.decode()
    change = form(tenant, environment="custom", base_url=mx.base_url, secret="", client_id="other")
    assert staff.post(path, change).status_code == 302
    row = VendorCredential.unscoped.get()
    assert (row.client_id, row.secret) == ("other", secret)
    assert secret not in repr(list(LogEntry.objects.values()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"secret": ""}, "This field is required"),
        ({"environment": "custom", "base_url": "https://evil.example"}, "VENDOR_ALLOWED_HOSTS"),
        ({"environment": "custom", "base_url": ""}, "https://host"),
        ({"environment": "custom", "base_url": "http://169.254.169.254/latest"}, "scheme and host"),
        ({"client_id": ""}, "This field is required"),
        ({"versioned_api": ""}, "This field is required"),
        ({"versioned_api": "mx/atrium/v20250224"}, "not one of the available choices"),
        ({"versioned_api": "mx"}, "not one of the available choices"),
        ({"environment": "staging"}, "not one of the available choices"),
    ],
)
def test_wrong_keys_pasted_are_explained(
    staff: HttpClient, tenant: Tenant, change: Any, message: str
):
    response = staff.post(CREDENTIALS + "add/", form(tenant, **change))
    assert response.status_code == 200
    assert message in response.content.decode()
    assert not VendorCredential.unscoped.exists()


@pytest.mark.parametrize("version", ["", "v20111101", "v20250224"])
def test_one_choice_sets_vendor_api_and_version(staff: HttpClient, tenant: Tenant, version: str):
    body = form(tenant, versioned_api=f"mx/platform/{version}")
    assert staff.post(CREDENTIALS + "add/", body).status_code == 302
    row = VendorCredential.unscoped.get()
    assert (row.vendor, row.api, row.api_version) == ("mx", "platform", version)
    page = staff.get(f"{CREDENTIALS}{row.pk}/change/").content.decode()
    assert f'<option value="mx/platform/{version}" selected>' in page
    assert "https://vestibule.mx.com" in page
    assert "https://int-api.mx.com" in page


def test_two_active_sets_of_keys_are_refused(staff: HttpClient, tenant: Tenant, mx: Sandbox):
    response = staff.post(CREDENTIALS + "add/", form(tenant))
    assert "already has an active credential" in response.content.decode()


def test_test_connection_really_calls_mx(staff: HttpClient, mx: Sandbox):
    row = VendorCredential.unscoped.get()
    path = reverse("admin:integrations_vendorcredential_test_connection", args=[row.pk])
    works = staff.post(path, follow=True).content.decode()
    assert "MX accepts these keys" in works
    row.secret = "wrong"
    row.save()
    refused = staff.post(path, follow=True).content.decode()
    assert "MX does not accept the keys" in refused
    VendorCredential.unscoped.update(base_url="http://127.0.0.1:9")
    assert "cannot be reached" in staff.post(path, follow=True).content.decode()


def test_settings_use_the_terms_of_the_guide(staff: HttpClient, tenant: Tenant):
    row = AggregationSettings(tenant=tenant)
    row.save()
    page = staff.get(f"{SETTINGS}{row.pk}/change/").content.decode()
    for message in (
        "Aggregation",
        "Webhook User",
        "Webhook Secret",
        AUTOMATIC_RETRIEVAL,
        f"/webhooks/mx/{row.webhook_path}",
    ):
        assert message in page, message
    body = {
        "tenant": tenant.pk, "vendor": "mx", "history_days": "30", "deep_read_days": "30",
        "webhook_user": "hook",
        "webhook_secret": "a secret",
    }  # fmt: skip
    assert staff.post(f"{SETTINGS}{row.pk}/change/", body).status_code == 302
    row.refresh_from_db()
    assert (row.history_days, row.webhook_secret) == (30, "a secret")
    assert row.retrieve_automatically is False


@pytest.mark.parametrize(
    ("user", "secret", "message"),
    [
        ("hook", "", "Enter the secret that belongs to the user"),
        ("", "a secret", "Enter the user that belongs to the secret"),
        ("ho:ok", "a secret", "must not contain a colon"),
        ("h\u200book", "a secret", "Character 2 of 5 is ZERO WIDTH SPACE"),
        ("hook", "\u201ca secret", "Character 1 of 9 is LEFT DOUBLE QUOTATION MARK"),
        ("x" * 300, "a secret", "at most 255 characters"),
        ("hook", "x" * 2000, "at most 1024 characters"),
    ],
)
def test_access_of_webhooks_that_cannot_work_is_refused(
    staff: HttpClient, tenant: Tenant, user: str, secret: str, message: str
):
    body = {
        "tenant": tenant.pk, "vendor": "mx", "history_days": "30", "deep_read_days": "30",
        "webhook_user": user, "webhook_secret": secret,
    }  # fmt: skip
    assert message in staff.post(f"{SETTINGS}add/", body).content.decode()
    assert not AggregationSettings.unscoped.exists()


def test_a_webhook_secret_whose_key_is_lost_can_be_entered_again(
    staff: HttpClient, tenant: Tenant, settings: Any
):
    row = AggregationSettings(tenant=tenant, webhook_user="hook", webhook_secret="a secret")
    row.save()
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    body = {
        "tenant": tenant.pk, "vendor": "mx", "history_days": "30", "deep_read_days": "30",
        "webhook_user": "hook", "webhook_secret": "",
    }  # fmt: skip
    path = f"{SETTINGS}{row.pk}/change/"
    assert "cannot be decrypted" in staff.get(path).content.decode()
    assert "cannot be decrypted" in staff.post(path, body).content.decode()
    assert staff.post(path, body | {"webhook_secret": "another"}).status_code == 302
    assert AggregationSettings.unscoped.get().webhook_secret == "another"


def test_an_applications_secret_is_shown_once(staff: HttpClient, tenant: Tenant):
    body = {"tenant": tenant.pk, "name": "app", "scopes": "read create", "is_active": "on"}
    page = staff.post("/admin/access/application/add/", body, follow=True).content.decode()
    assert "client secret" in page
    row = Application.objects.get()
    assert "client secret" not in staff.get("/admin/access/application/").content.decode()
    assert row.scopes == "read create"
    refused = staff.post("/admin/access/application/add/", body | {"scopes": "root"})
    assert "Unknown scopes: root" in refused.content.decode()


def test_scopes_of_an_application(staff: HttpClient, tenant: Tenant):
    path = "/admin/access/application/add/"
    body = {
        "tenant": tenant.pk, "name": "app", "scopes": "read", "is_active": "on",
        "allow_passwords": "on", "client_token_key": "nonsense", "rate_limit_per_minute": "-1",
    }  # fmt: skip
    page = staff.post(path, body).content.decode()
    assert "not a public key in PEM" in page
    assert "greater than or equal to 0" in page
    assert not Application.objects.exists()
    body |= {"client_token_key": PUBLIC, "rate_limit_per_minute": "0"}
    assert staff.post(path, body).status_code == 302
    row = Application.objects.get()
    assert (row.allow_passwords, row.rate_limit_per_minute) == (True, 0)
    assert row.client_token_key == PUBLIC.strip()
    secret = row.client_secret
    change = {"tenant": tenant.pk, "name": "app", "scopes": "read"}
    assert staff.post(f"/admin/access/application/{row.pk}/change/", change).status_code == 302
    row.refresh_from_db()
    assert (row.allow_passwords, row.client_token_key) == (False, "")
    assert row.rate_limit_per_minute is None
    assert row.client_secret == secret  # not hashed a second time


def test_every_screen_opens(staff: HttpClient, tenant: Tenant):
    client, business = ClientFactory(tenant=tenant), BusinessFactory(tenant=tenant)
    AggregationAccountFactory(client=client)
    AggregationAccountFactory(client=None, business=business, tenant=tenant)
    user = VendorUser.unscoped.create(
        tenant=tenant, business_id=business.pk, vendor="mx", identifier="i"
    )
    Member.unscoped.create(tenant=tenant, vendor_user=user, vendor_member_id="MBR-1")
    link = BankLinkFactory(client=client)
    screens = (
        "nucleus/tenant", "nucleus/client", "nucleus/business", "nucleus/aggregationaccount",
        "nucleus/banklink", "access/application", "integrations/vendorcredential",
        "integrations/aggregationsettings",
        "integrations/verificationsettings", "integrations/vendoruser", "integrations/member",
        "integrations/accountlink", "integrations/job", "integrations/auditlog", "auth/user",
    )  # fmt: skip
    for screen in ("", *(f"{name}/" for name in screens)):
        assert staff.get(f"/admin/{screen}").status_code == 200, screen
    assert business.legal_name in staff.get("/admin/integrations/member/").content.decode()
    page = staff.get(f"/admin/nucleus/banklink/{link.pk}/change/").content.decode()
    assert link.mask in page
    assert link.bank_account_number not in page


def test_dead_jobs_are_requeued(staff: HttpClient):
    job = JobFactory(state=JobState.DEAD, last_error="vendor_access_denied: x")
    body = {"action": "requeue_jobs", "_selected_action": str(job.pk), "confirmed": "yes"}
    page = staff.post("/admin/integrations/job/", body, follow=True).content.decode()
    assert "1 jobs were requeued" in page
    Job.objects.update(state=JobState.DEAD)
    onlooker = get_user_model().objects.create_user("onlooker", password="x" * 20, is_staff=True)
    StaffAccess.objects.create(user=onlooker, all_tenants=True)
    onlooker.user_permissions.add(Permission.objects.get(codename="view_job"))
    http = HttpClient()
    http.force_login(onlooker)
    assert http.get("/admin/integrations/job/").status_code == 200
    http.post("/admin/integrations/job/", body)
    assert Job.objects.get().state == JobState.DEAD
    onlooker.user_permissions.add(Permission.objects.get(codename="change_job"))
    http.post("/admin/integrations/job/", body)
    assert Job.objects.get().state == JobState.READY
