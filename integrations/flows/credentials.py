"""Do a tenant's keys work, and which may a caller name?"""

from __future__ import annotations

from integrations import vendor_sessions
from integrations.errors import VendorNotConfigured
from integrations.flows.errors import FlowError
from integrations.jobs import requeue
from integrations.models import CredentialHealth, VendorCredential
from integrations.vendors.records import CheckResult
from integrations.vendors.registry import UnknownVendor
from nucleus.encryption import DecryptionFailed
from nucleus.models import Tenant


def test(*, credential: VendorCredential) -> CheckResult:
    """Call the vendor with these keys and explain its answer; never raises for a bad answer.

    When they work, the jobs that were put off because of them run at once.
    """
    try:
        with vendor_sessions.open_with_credential(credential=credential) as vendor:
            result = vendor.check()
    except (VendorNotConfigured, UnknownVendor) as error:
        return CheckResult(ok=False, message=str(error))
    except DecryptionFailed:
        return CheckResult(
            ok=False,
            message="The stored secret cannot be decrypted. Type it again, or restore its key in "
            "FIELD_ENCRYPTION_KEYS.",
        )
    if result.ok and credential.is_active:
        requeue.release(tenant_id=credential.tenant_id, vendor=credential.vendor)
    return result


def keys_changed(*, credential: VendorCredential) -> None:
    """Forget what was learnt about the old keys, and let jobs that were put off try the new ones.

    Called after every save of a credential, whoever made the change; see apps.py.
    """
    CredentialHealth.objects.filter(pk=credential.pk).delete()
    if credential.is_active:
        requeue.release(tenant_id=credential.tenant_id, vendor=credential.vendor)


def check_choice(*, tenant: Tenant, vendor: str, config_id: str) -> None:
    """Refuse a `vendor_config_id` other than the tenant's active one for `vendor`.

    One configuration per vendor is active and used for everything, so naming it chooses nothing;
    naming another one would be a mistake. Raises FlowError that says what is valid.
    """
    rows = VendorCredential.objects.for_tenant(tenant).filter(vendor=vendor, is_active=True)
    valid = rows.values_list("pk", flat=True).first()
    if config_id.strip().lower() == str(valid):
        return
    advice = f"Use {valid}, or leave it out." if valid else "There is none; staff can add one."
    raise FlowError(
        f"vendor_config_id: {config_id[:64]!r} is not the active configuration for {vendor} of "
        f"this tenant. {advice}"
    )
