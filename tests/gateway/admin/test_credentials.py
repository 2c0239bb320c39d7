"""The credential's form tests what is typed before it is saved, and says what is wrong with it."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.test import Client as HttpClient
from pytest_django.fixtures import Settings

from integrations.models import AuditLog, CredentialHealth, VendorCredential
from nucleus.models import Tenant
from tests.gateway.admin.conftest import Staff
from tests.sandbox_process import API_KEY, CLIENT_ID, PLATFORM_KEYS, Sandbox

ADD = "/admin/integrations/vendorcredential/add/"
LIST = "/admin/integrations/vendorcredential/"
RESULT = re.compile(r'id="test-result".*?>(.*?)</div>', re.DOTALL)
ID, KEY = PLATFORM_KEYS


def form(tenant: Tenant, url: str, **changes: Any) -> dict[str, Any]:
    return {
        "tenant": tenant.pk, "versioned_api": "mx/platform/", "environment": "custom",
        "base_url": url, "client_id": ID, "secret": KEY, "is_active": "on", **changes,
    }  # fmt: skip


def outcome(http: HttpClient, path: str, body: dict[str, Any]) -> str:
    """What the form says about the keys in it."""
    response = http.post(path, body | {"_test": "1"})
    assert response.status_code == 200
    page = response.content.decode()
    assert not body["secret"] or body["secret"] not in page.replace(body["client_id"], "")
    match = RESULT.search(page)
    assert match is not None
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", match[1])).split())


def change_path() -> str:
    return f"{LIST}{VendorCredential.unscoped.get().pk}/change/"


def test_keys_are_tested_before_they_are_saved(
    tenant: Tenant, sandbox: Sandbox, superuser: HttpClient
):
    page = superuser.get(ADD).content.decode()
    assert "Test connection" in page
    assert "integrations/test_credential.js" in page
    body = form(tenant, sandbox.base_url)
    text = outcome(superuser, ADD, body)
    assert "Works: MX accepts these keys." in text
    assert "Nothing is stored yet" in text
    assert not VendorCredential.unscoped.exists()
    assert not CredentialHealth.objects.exists()
    assert AuditLog.objects.get().tenant_id == tenant.pk
    entry = LogEntry.objects.get()
    assert "Tested keys that are not saved" in entry.change_message
    assert KEY not in str(vars(entry)) + str(dict(superuser.session))
    superuser.post(ADD, body)
    row = VendorCredential.unscoped.get()
    assert (row.test_passed, row.tested_by) == (True, "root")
    assert "Works, tested 20" in superuser.get(LIST).content.decode()


def test_a_result_is_not_that_of_other_keys(
    tenant: Tenant, sandbox: Sandbox, superuser: HttpClient
):
    body = form(tenant, sandbox.base_url)
    outcome(superuser, ADD, body)
    superuser.post(ADD, body | {"secret": "another"})
    row = VendorCredential.unscoped.get()
    assert row.tested_at is None
    assert "Not tested since it was entered or changed" in superuser.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"client_id": KEY, "secret": ID}, "The two fields are swapped: MX accepts these keys"),
        ({"client_id": CLIENT_ID, "secret": API_KEY}, "These are keys of MX Atrium"),
        ({"client_id": API_KEY, "secret": CLIENT_ID}, "swapped, and the keys are of MX Atrium"),
        ({"secret": "wrong"}, "MX does not accept the keys."),
        ({"client_id": f"  {ID}\t", "secret": f" {KEY}\n"}, "Works: MX accepts these keys."),
        (
            {"client_id": f"{ID[:3]}\u200b{ID[3:]}"},
            "Username/Client Id: Character 4 of 27 is ZERO WIDTH SPACE (U+200B, invisible)",
        ),
        (
            {"secret": f"\u201c{KEY}"},
            "Password/Client Secret: Character 1 of 25 is LEFT DOUBLE QUOTATION MARK (U+201C)",
        ),
        ({"secret": f"{KEY[:4]} {KEY[4:]}"}, "Character 5 of 25 is SPACE (U+0020, invisible)"),
        ({"client_id": f"{ID}:{KEY}"}, "must not contain a colon"),
        ({"secret": ""}, "Password/Client Secret: This field is required"),
        ({"secret": "x" * 2000}, "at most 1024 characters"),
        ({"base_url": "http://127.0.0.1:9"}, "MX cannot be reached at 127.0.0.1, port 9: the conn"),
        ({"base_url": "https://evil.example"}, "evil.example is not in VENDOR_ALLOWED_HOSTS"),
    ],
)
def test_the_form_names_the_problem(
    tenant: Tenant, sandbox: Sandbox, superuser: HttpClient, changes: Any, sentence: str
):
    assert sentence in outcome(superuser, ADD, form(tenant, sandbox.base_url, **changes))
    assert not VendorCredential.unscoped.exists()


def test_a_refused_address_differs_from_refused_keys(
    tenant: Tenant, sandbox: Sandbox, superuser: HttpClient
):
    sandbox.fault(path="/users*", status=403)
    assert "MX's allow-list" in outcome(superuser, ADD, form(tenant, sandbox.base_url))


def test_typed_keys_say_nothing_about_the_stored_ones(
    tenant: Tenant, mx: Sandbox, superuser: HttpClient
):
    stored = VendorCredential.unscoped.get()
    api = f"mx/{stored.api}/{stored.api_version}"
    body = form(tenant, mx.base_url, versioned_api=api, client_id=stored.client_id)
    assert "Failed" in outcome(superuser, change_path(), body | {"secret": "wrong"})
    assert VendorCredential.unscoped.get().tested_at is None
    assert not CredentialHealth.objects.exists()
    text = outcome(superuser, change_path(), body | {"secret": ""})  # the stored one
    assert "Works: MX accepts these keys. This is what is stored." in text
    row = VendorCredential.unscoped.get()
    assert (row.test_passed, row.tested_by, row.secret) == (True, "root", stored.secret)
    superuser.post(change_path(), body | {"secret": ""})  # nothing has changed
    row = VendorCredential.unscoped.get()
    assert (row.test_passed, row.tested_by) == (True, "root")
    row.client_id = "other"
    row.save()
    assert VendorCredential.unscoped.get().tested_at is None


def test_only_those_who_may_save_may_test(mx: Sandbox, staff: Staff):
    path = change_path()
    viewer = staff("integrations.view_vendorcredential")
    assert "test-credential" not in viewer.get(path).content.decode()
    assert viewer.post(path, {"_test": "1"}).status_code == 403
    assert viewer.post(ADD, {"_test": "1"}).status_code == 403
    assert not AuditLog.objects.exists()


def test_a_secret_whose_key_is_lost_can_be_entered_again(
    tenant: Tenant, mx: Sandbox, superuser: HttpClient, settings: Settings
):
    stored = VendorCredential.unscoped.get()
    key, api = stored.secret, f"mx/{stored.api}/{stored.api_version}"
    body = form(tenant, mx.base_url, versioned_api=api, client_id=stored.client_id)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert "cannot be decrypted" in superuser.get(change_path()).content.decode()
    assert "cannot be decrypted" in outcome(superuser, change_path(), body | {"secret": ""})
    assert superuser.post(change_path(), body | {"secret": key}).status_code == 302
    assert VendorCredential.unscoped.get().secret == key
