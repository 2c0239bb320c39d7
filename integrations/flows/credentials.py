"""Credentials: test them, react to changed ones, check the one that a caller names."""

from __future__ import annotations

import json
from dataclasses import replace

from django.utils import timezone
from django.utils.crypto import salted_hmac

from integrations import circuit_breaker, vendor_sessions
from integrations.flows.errors import FlowError
from integrations.jobs import requeue
from integrations.models import CredentialHealth, Diagnosis, VendorCredential
from integrations.vendors import registry
from integrations.vendors.base import CallRecord
from integrations.vendors.errors import VendorNotConfigured
from integrations.vendors.records import CheckResult
from integrations.vendors.registry import UnknownVendor
from integrations.vendors.spec import UnknownApi
from nucleus.encryption import DecryptionFailed
from nucleus.models import Tenant

KEY_FIELDS = ("vendor", "api", "api_version", "environment", "base_url", "client_id", "secret")


def test(*, credential: VendorCredential, tested_by: str = "") -> CheckResult:  # noqa: PT028
    """Call the vendor with this stored credential, explain its response, and store the result.

    If it works, the jobs that were postponed because of it become due. A failure is part of the
    result and not raised.

    Args:
        tested_by: who asked for it, for staff.
    """
    result = _call(credential, breaker=None)
    store_result(credential=credential, result=result, tested_by=tested_by)
    if result.ok:  # a finding that it does not work no longer holds
        Diagnosis.objects.filter(tenant=credential.tenant_id).delete()
    if result.ok and credential.is_active:
        requeue.release_postponed(tenant_id=credential.tenant_id, vendor=credential.vendor)
    return result


def test_unsaved(*, credential: VendorCredential) -> CheckResult:
    """Call the vendor with a credential as it was typed, and explain the response.

    Nothing of it is stored, and the health of the stored credential stays as it is; only the audit
    log has the call. The credential has to be valid.
    """
    return _call(credential, breaker=circuit_breaker.Ignored())


def _call(credential: VendorCredential, *, breaker: circuit_breaker.Recorder | None) -> CheckResult:
    offsets: list[float] = []

    def observe(call: CallRecord) -> None:
        if call.clock_offset is not None and not call.is_probe:
            offsets.append(call.clock_offset)

    try:
        with vendor_sessions.open_with_credential(
            credential=credential, breaker=breaker, observe=observe
        ) as vendor:
            result = vendor.check()
    except (VendorNotConfigured, UnknownVendor) as error:
        return CheckResult(ok=False, message=str(error))
    except DecryptionFailed:
        return CheckResult(
            ok=False,
            message="The stored secret cannot be decrypted. Enter it again, or restore its key in "
            "FIELD_ENCRYPTION_KEYS.",
        )
    return replace(result, clock_offset=offsets[-1] if offsets else None)


def store_result(*, credential: VendorCredential, result: CheckResult, tested_by: str) -> None:
    """Store a result with the credential, unless that was changed since it was read."""
    values = {
        "tested_at": timezone.now(),
        "tested_by": tested_by[:150],
        "test_passed": result.ok,
        "test_message": result.message,
    }
    rows = VendorCredential.unscoped.filter(pk=credential.pk, update_date=credential.update_date)
    rows.update(**values)


def is_as_stored(credential: VendorCredential) -> bool:
    """Whether what a form holds is what is stored, so that a test of it is one of the stored."""
    stored = VendorCredential.unscoped.filter(pk=credential.pk).first()
    if stored is None:
        return False
    try:
        return all(getattr(stored, name) == getattr(credential, name) for name in KEY_FIELDS)
    except DecryptionFailed:
        return False


def fingerprint(credential: VendorCredential) -> str:
    """A keyed hash of what a test depends on; it tells equal credentials, and nothing else."""
    values = [str(credential.tenant_id), *(getattr(credential, name) for name in KEY_FIELDS)]
    return salted_hmac("credential", json.dumps(values), algorithm="sha256").hexdigest()


def credential_changed(*, credential: VendorCredential) -> None:
    """Reset circuit breaker and last test, and make the jobs due that waited for the old one.

    Called after every save of a credential, see apps.py.
    """
    CredentialHealth.objects.filter(pk=credential.pk).delete()
    Diagnosis.objects.filter(tenant=credential.tenant_id).delete()
    untested = {"tested_at": None, "tested_by": "", "test_passed": None, "test_message": ""}
    VendorCredential.unscoped.filter(pk=credential.pk).exclude(tested_at=None).update(**untested)
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
