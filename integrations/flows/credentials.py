"""Do a tenant's keys work?"""

from __future__ import annotations

from integrations import connect
from integrations.connect import VendorNotConfigured
from integrations.models import VendorCredential
from integrations.vendors.records import CheckResult
from integrations.vendors.registry import UnknownVendor
from nucleus.encryption import DecryptionFailed


def test(*, credential: VendorCredential) -> CheckResult:
    """Call the vendor with these keys and explain its answer; never raises for a bad answer."""
    try:
        with connect.opened(credential=credential) as vendor:
            return vendor.check()
    except (VendorNotConfigured, UnknownVendor) as error:
        return CheckResult(ok=False, message=str(error))
    except DecryptionFailed:
        return CheckResult(
            ok=False,
            message="The stored secret cannot be decrypted. Type it again, or restore its key in "
            "FIELD_ENCRYPTION_KEYS.",
        )
