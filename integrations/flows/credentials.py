"""Credentials: test them, react to changed ones, check the one that a caller names."""

from __future__ import annotations

from integrations import vendor_sessions
from integrations.flows.errors import FlowError
from integrations.jobs import requeue
from integrations.models import CredentialHealth, VendorCredential
from integrations.vendors import registry
from integrations.vendors.errors import VendorNotConfigured
from integrations.vendors.records import CheckResult
from integrations.vendors.registry import UnknownVendor
from integrations.vendors.spec import UnknownApi
from nucleus.encryption import DecryptionFailed
from nucleus.models import Tenant


def test(*, credential: VendorCredential) -> CheckResult:
    """Call the vendor with this credential and explain its response.

    If it works, the jobs that were postponed because of it become due. A failure is part of the
    result and not raised.
    """
    try:
        with vendor_sessions.open_with_credential(credential=credential) as vendor:
            result = vendor.check()
    except (VendorNotConfigured, UnknownVendor) as error:
        return CheckResult(ok=False, message=str(error))
    except DecryptionFailed:
        return CheckResult(
            ok=False,
            message="The stored secret cannot be decrypted. Enter it again, or restore its key in "
            "FIELD_ENCRYPTION_KEYS.",
        )
    if result.ok and credential.is_active:
        requeue.release_postponed(tenant_id=credential.tenant_id, vendor=credential.vendor)
    return result


def credential_changed(*, credential: VendorCredential) -> None:
    """Reset the circuit breaker, and make the jobs due that were postponed because of the old one.

    Called after every save of a credential, see apps.py.
    """
    CredentialHealth.objects.filter(pk=credential.pk).delete()
    if credential.is_active:
        requeue.release_postponed(tenant_id=credential.tenant_id, vendor=credential.vendor)


def deprecation(credential: VendorCredential) -> str:
    """Why the version of the API that it uses should be left; empty if it need not be."""
    try:
        api = registry.get(credential.vendor).api(credential.api, credential.api_version)
    except (UnknownVendor, UnknownApi):
        return ""
    return api.deprecations.get(credential.api_version or api.versions[-1], "")


def check_config_id(*, tenant: Tenant, vendor: str, config_id: str) -> None:
    """Raise FlowError unless `config_id` is the tenant's active credential for `vendor`.

    A tenant has one active credential per vendor. The parameter of Hydrogen's API can only confirm
    it; another id is a mistake of the caller.
    """
    rows = VendorCredential.objects.for_tenant(tenant).filter(vendor=vendor, is_active=True)
    active_id = rows.values_list("pk", flat=True).first()
    if config_id.strip().lower() == str(active_id):
        return
    if active_id:
        advice = f"Use {active_id}, or omit the field."
    else:
        advice = "There is none; staff can add one."
    raise FlowError(
        f"vendor_config_id: {config_id[:64]!r} is not this tenant's active configuration for "
        f"{vendor}. {advice}"
    )
