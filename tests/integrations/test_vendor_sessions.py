"""From credentials to an opened vendor: API and version."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from integrations import vendor_sessions
from integrations.models import VendorCredential
from integrations.vendors import registry
from integrations.vendors.errors import VendorNotConfigured
from integrations.vendors.spec import UnknownApi
from nucleus.models import Tenant

pytestmark = pytest.mark.django_db


def credential(tenant: Tenant, **columns: str) -> VendorCredential:
    columns = {"api": "atrium", **columns}
    return VendorCredential(tenant=tenant, client_id="id", secret="key", **columns)


def opened_version(row: VendorCredential) -> str:
    with vendor_sessions.open_with_credential(credential=row) as vendor:
        return str(vendor.config.api_version)  # type: ignore[attr-defined]


def test_a_credential_without_a_version_opens_the_newest(tenant: Tenant):
    newest = registry.get("mx").apis["atrium"].versions[-1]
    assert opened_version(credential(tenant)) == newest
    assert opened_version(credential(tenant, api_version=newest)) == newest


@pytest.mark.parametrize(
    ("columns", "field", "message"),
    [
        ({"api": "nessus"}, "api", "MX has no API 'nessus'.*It speaks: platform, atrium"),
        ({"api_version": "v0"}, "api_version", "does not speak version 'v0' of MX Atrium.*v1"),
        ({"vendor": "none"}, "vendor", "Unknown vendor_name 'none'"),
        ({"environment": "staging"}, "environment", "environments: production, development"),
    ],
)
def test_unknown_apis_and_versions_are_refused(
    tenant: Tenant, columns: dict[str, str], field: str, message: str
):
    row = credential(tenant, **columns)
    with pytest.raises(ValidationError, match=message) as refusal:
        row.clean()
    assert list(refusal.value.message_dict) == [field]


@pytest.mark.parametrize("columns", [{"api": "nessus"}, {"api_version": "v0"}])
def test_stored_credentials_of_an_unknown_api_say_what_to_do(
    tenant: Tenant, columns: dict[str, str]
):
    custom = {"environment": "custom", "base_url": "http://127.0.0.1:1"}
    for changes in ({}, custom):
        with (
            pytest.raises(VendorNotConfigured, match="provision --api") as refusal,
            vendor_sessions.open_with_credential(
                credential=credential(tenant, **columns, **changes)
            ),
        ):
            pass
        assert refusal.value.vendor == "mx"


def test_every_api_of_every_vendor_has_a_version_and_an_environment():
    for spec in registry.specs().values():
        for slug, api in spec.apis.items():
            assert api.versions
            assert api.environments
            assert spec.api(slug, api.versions[0]) is api
        with pytest.raises(UnknownApi):
            spec.api("nessus")
