"""Staff input: invalid values are refused, and a deletion names what else it deletes."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client as HttpClient

from gateway import provisioning
from gateway.access.models import Application
from integrations.models import AggregationSettings, VendorCredential, VerificationSettings
from nucleus.models import Tenant
from tests.factories.nucleus import TenantFactory
from tests.gateway.admin.rows import path_of, populate, row_of

CREDENTIAL: dict[str, Any] = {
    "versioned_api": "mx/platform/", "environment": "development", "base_url": "",
    "client_id": "id", "secret": "a-key", "is_active": "on",
}  # fmt: skip
SETTINGS: dict[str, Any] = {
    "vendor": "mx", "history_days": "30", "deep_read_days": "30", "webhook_user": "hook",
    "webhook_secret": "a secret",
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"secret": "x" * 200_000},
        {"secret": "x" * 1025},
        {"secret": "key\u200b"},
        {"secret": "“key”"},
        {"secret": "key\twith a tab"},
        {"client_id": "id\u200b"},
        {"client_id": "x" * 256},
    ],
)
def test_impossible_keys_are_refused(tenant: Tenant, superuser: HttpClient, change: dict[str, Any]):
    response = superuser.post(
        path_of(VendorCredential, "add/"), CREDENTIAL | {"tenant": tenant.pk, **change}
    )
    assert response.status_code == 200
    assert not VendorCredential.unscoped.exists()


@pytest.mark.parametrize(
    "change", [{"webhook_user": "a:b"}, {"webhook_user": "a\u200b"}, {"webhook_secret": "“s”"}]
)
def test_impossible_webhook_passwords_are_refused(
    tenant: Tenant, superuser: HttpClient, change: dict[str, Any]
):
    body = SETTINGS | {"tenant": tenant.pk, **change}
    assert superuser.post(path_of(AggregationSettings, "add/"), body).status_code == 200
    assert not AggregationSettings.unscoped.exists()


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (VendorCredential, CREDENTIAL),
        (AggregationSettings, SETTINGS),
        (VerificationSettings, {"vendor": "mx"}),
        (Application, {"name": "app", "scopes": "read", "is_active": "on"}),
    ],
)
def test_rows_cannot_be_moved_to_another_tenant(
    tenant: Tenant, superuser: HttpClient, model: Any, body: dict[str, Any]
):
    populate(tenant)
    row, other = row_of(model), TenantFactory()
    path = path_of(model, f"{row.pk}/change/")
    assert superuser.post(path, body | {"tenant": other.pk}).status_code == 302
    row.refresh_from_db()
    assert row.tenant == tenant
    assert 'name="tenant"' not in superuser.get(path).content.decode()


@pytest.mark.parametrize(
    ("code", "stored"), [("EUR", "EUR"), ("eur", "EUR"), ("ZZZ", None), ("US", None), ("€", None)]
)
def test_the_currency_of_a_tenant(
    tenant: Tenant, superuser: HttpClient, code: str, stored: str | None
):
    body = {"slug": tenant.slug, "name": "Demo", "currency_code": code, "is_active": "on"}
    response = superuser.post(path_of(Tenant, f"{tenant.pk}/change/"), body)
    assert response.status_code == (302 if stored else 200)
    tenant.refresh_from_db()
    assert tenant.currency_code == (stored or "USD")
    if stored is None:
        with pytest.raises(provisioning.ProvisioningError):
            provisioning.tenant(slug="other", currency=code)
        assert not Tenant.objects.filter(slug="other").exists()


def test_deleting_settings_or_keys_says_what_else_is_deleted(tenant: Tenant, superuser: HttpClient):
    populate(tenant)
    for model, message in (
        (AggregationSettings, row_of(AggregationSettings).webhook_path),
        (VendorCredential, "nothing can be linked"),
        (VerificationSettings, "the defaults apply"),
        (Application, "lose access at once"),
    ):
        pk = row_of(model).pk
        assert message in superuser.get(path_of(model, f"{pk}/delete/")).content.decode()
        body = {"action": "delete_selected", "_selected_action": str(pk)}
        assert message in superuser.post(path_of(model), body).content.decode()
        assert superuser.post(path_of(model, f"{pk}/delete/"), {"post": "yes"}).status_code == 302
        assert LogEntry.objects.filter(object_id=str(pk), action_flag=3).exists()
