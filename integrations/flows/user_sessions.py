"""Open the vendor of one user, and store what the vendor says about the user itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from integrations import audit_context, vendor_sessions
from integrations.flows import missing_connections
from integrations.models import VendorUser
from integrations.vendor_sessions import VendorAccess
from integrations.vendors.base import Vendor
from integrations.vendors.errors import (
    VendorNotFound,
    VendorUserDisabled,
    VendorUserError,
    VendorUserNotFound,
)
from nucleus.models.base import api_name

CREATE_USER = (
    "Create it again with POST /integration/v1/user; then the person has to link the institution "
    "again, and the accounts go on under their ids."
)


@contextmanager
def open_for_user(
    vendor_user: VendorUser,
    *,
    interactive: bool = True,
    integration_type: str = audit_context.AGGREGATION,
    access: VendorAccess | None = None,
) -> Iterator[Vendor]:
    """Open the vendor of `vendor_user`; see vendor_sessions.open_for_tenant.

    If the vendor no longer has the user, or has disabled it, the connections are marked so. Raises
    VendorUserError with advice, VendorError and VendorNotConfigured; VendorUserDisabled without a
    call for a user that the gateway has disabled.
    """
    ensure_enabled(vendor_user)
    try:
        with vendor_sessions.open_for_tenant(
            tenant=vendor_user.tenant,
            vendor=vendor_user.vendor,
            interactive=interactive,
            client_id=vendor_user.client_id,
            integration_type=integration_type,
            access=access,
        ) as vendor:
            yield vendor
    except VendorUserError as error:
        raise stored(error, vendor_user) from None


def ensure_enabled(vendor_user: VendorUser) -> None:
    """Raises VendorUserDisabled for a user that the gateway has disabled; see user_disabling."""
    if vendor_user.disabled_at is not None:
        label = api_name(type(vendor_user.owner))
        raise VendorUserDisabled(
            f"This {label} is deactivated, so its data is not imported. Set is_active to true "
            "first; it takes a few seconds to have effect.",
            vendor=vendor_user.vendor,
        )


def restore_user(vendor_user: VendorUser) -> bool:
    """Take back the id of a missing user if the vendor has the user after all; False if not.

    Vendors answer wrongly at times, even repeatedly. Raises VendorError and VendorNotConfigured.
    """
    user_id = vendor_user.missing_vendor_user_id
    if user_id is None:
        return False
    with vendor_sessions.open_for_tenant(
        tenant=vendor_user.tenant,
        vendor=vendor_user.vendor,
        interactive=False,
        client_id=vendor_user.client_id,
    ) as vendor:
        try:
            vendor.read_user(user_id=user_id)
        except (VendorNotFound, VendorUserError):
            missing_connections.check_later(vendor_user)
            return False
    rows = VendorUser.unscoped.filter(pk=vendor_user.pk, vendor_user_id=None)
    if not rows.update(vendor_user_id=user_id, missing_vendor_user_id=None):
        return False  # created again meanwhile
    vendor_user.vendor_user_id = user_id
    return True


def stored(error: VendorUserError, vendor_user: VendorUser) -> VendorUserError:
    """Mark the connections of the user as the error says; returns the error with advice."""
    if isinstance(error, VendorUserDisabled):
        missing_connections.mark_user_disabled(vendor_user)
    if not isinstance(error, VendorUserNotFound):
        return error
    missing_connections.mark_user_missing(vendor_user)
    return VendorUserNotFound(
        f"{error} {CREATE_USER}",
        vendor=error.vendor,
        operation=error.operation,
        status=error.status,
    )
