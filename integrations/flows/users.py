"""Vendor users: the vendor's user of a client or business."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from integrations import vendor_sessions
from integrations.flows import missing_connections
from integrations.flows.errors import FlowError
from integrations.jobs.job_data import JobData
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun
from integrations.models import VendorUser
from integrations.vendors import records, registry
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorConflict, VendorNotFound, VendorUnavailable
from nucleus.models import Client, Owner, Tenant
from nucleus.models.base import api_name

DISABLED = "This user is disabled at {vendor}. Staff: enable it in {vendor}'s dashboard."
ENABLED_SOON = "This user was disabled with its owner; it is enabled again within a minute."


@dataclass(frozen=True, slots=True)
class UserOutcome:
    """The stored vendor user and the vendor's own representation of it.

    `message` says what stands in the way of using it, if anything does.
    """

    vendor_user: VendorUser
    vendor_response: Mapping[str, Any]
    message: str | None = None


def create(*, tenant: Tenant, owner: Owner, vendor_name: str | None = None) -> UserOutcome:
    """Create the owner's user at the vendor; repeated calls return the same user.

    The row with the identifier is committed before the vendor is called. Whatever happens then, a
    retry finds the user by its identifier and creates no second one.

    Args:
        vendor_name: the vendor's slug; defaults to that of the tenant's settings.

    Raises FlowError, UnknownVendor, VendorNotConfigured and VendorError.
    """
    ensure_not_being_erased(owner)
    if not owner.is_active:
        raise FlowError(f"This {owner_label(owner)} is deactivated. Set is_active to true first.")
    slug = vendor_sessions.aggregation_vendor(tenant, vendor_name)
    client_id = owner.pk if isinstance(owner, Client) else None
    with vendor_sessions.open_for_tenant(tenant=tenant, vendor=slug, client_id=client_id) as vendor:
        return _create_at_vendor(tenant=tenant, owner=owner, vendor=vendor)


def require(*, tenant: Tenant, owner: Owner, vendor: str) -> VendorUser:
    """The owner's user at `vendor`. Raises FlowError when it has to be created first."""
    ensure_not_being_erased(owner)
    rows = VendorUser.objects.for_tenant(tenant).filter(**owner.reference, vendor=vendor)
    vendor_user = rows.select_related("tenant").first()
    if vendor_user is None or vendor_user.vendor_user_id is None:
        name = registry.get(vendor).name
        was_deleted = vendor_user is not None and vendor_user.members.exists()
        raise FlowError(
            f"This {owner_label(owner)} has no {name} user {'any more' if was_deleted else 'yet'}. "
            "Create it with POST /integration/v1/user."
        )
    return vendor_user


def ensure_not_being_erased(owner: Owner) -> None:
    """Raises FlowError while the client is being erased: it gets no new work."""
    if owner.is_being_erased:
        raise FlowError("This client is being erased; nothing can be linked for it any more.")


def client_created(client: Client) -> None:
    """Hook of Nucleus: enqueue the vendor user in the transaction that creates the client."""
    config = vendor_sessions.aggregation_settings(client.tenant)
    if config.create_vendor_user_automatically:
        CREATE_VENDOR_USER.enqueue(
            tenant=client.tenant, payload=CreateUserPayload(client_id=str(client.id))
        )


def by_id(tenant: Tenant, vendor_user_id: str) -> VendorUser | None:
    """The tenant's vendor user with its owner, or None if it was deleted.

    Args:
        vendor_user_id: our id of the row, from a job's payload.
    """
    return (
        VendorUser.objects.for_tenant(tenant)
        .filter(id=vendor_user_id)
        .select_related("client", "business", "tenant")
        .first()
    )


@dataclass(frozen=True)
class UserPayload(JobData):
    """A job about one vendor user; our id of it."""

    vendor_user_id: str


@dataclass(frozen=True)
class CreateUserPayload(JobData):
    """The Nucleus client that gets a vendor user."""

    client_id: str


def run_job(run: JobRun, payload: CreateUserPayload) -> None:
    """Create the vendor user of a client; enqueued by client_created."""
    client = Client.objects.for_tenant(run.tenant).filter(id=payload.client_id).first()
    if client is None or not client.is_active or client.erase_requested_at is not None:
        return
    slug = vendor_sessions.aggregation_vendor(run.tenant, None)
    with vendor_sessions.open_for_tenant(
        tenant=run.tenant, vendor=slug, interactive=False, client_id=client.pk
    ) as vendor:
        _create_at_vendor(tenant=run.tenant, owner=client, vendor=vendor)


CREATE_VENDOR_USER = JobKind(
    name="create_vendor_user",
    label="Create a customer's user at the vendor",
    queue=Queue.INTERACTIVE,
    payload_type=CreateUserPayload,
    handler=run_job,
    key=lambda payload: payload.client_id,
)


def owner_label(owner: Owner) -> str:
    """The kind of owner, for messages: client or business."""
    return api_name(type(owner))


def _create_at_vendor(*, tenant: Tenant, owner: Owner, vendor: Vendor) -> UserOutcome:
    vendor_user, _ = VendorUser.unscoped.get_or_create(
        tenant=tenant,
        **owner.reference,
        vendor=vendor.slug,
        defaults={"identifier": identifier_for(tenant, owner, vendor.slug)},
    )
    user = _read_user(vendor, vendor_user) or _create_or_adopt(vendor, vendor_user)
    if vendor_user.vendor_user_id != user.id:
        if vendor_user.vendor_user_id is not None:  # that one was deleted at the vendor
            missing_connections.mark_user_missing(vendor_user)
        vendor_user.vendor_user_id = user.id
        stored = VendorUser.unscoped.filter(pk=vendor_user.pk)
        if not stored.update(vendor_user_id=user.id, update_date=timezone.now()):
            with suppress(VendorNotFound):  # no row refers to this user
                vendor.delete_user(user_id=user.id)
            raise FlowError("This client was erased in the meantime.")
    if user.is_disabled:
        missing_connections.mark_user_disabled(vendor_user)
        message = DISABLED.format(vendor=registry.get(vendor.slug).name)
        if vendor_user.disabled_at is not None:
            message = ENABLED_SOON
        return UserOutcome(vendor_user=vendor_user, vendor_response=user.raw, message=message)
    if vendor_user.disabled_at is not None:  # as the user was that the vendor has lost since
        VendorUser.unscoped.filter(pk=vendor_user.pk).update(disabled_at=None)
        vendor_user.disabled_at = None
    missing_connections.check_disabled_soon(vendor_user)
    return UserOutcome(vendor_user=vendor_user, vendor_response=user.raw)


def identifier_for(tenant: Tenant, owner: Owner, vendor: str) -> str:
    """The identifier that the vendor user is created under: stable, and not confidential."""
    return str(uuid.uuid5(tenant.id, f"{owner.id}:{vendor}"))


def _read_user(vendor: Vendor, vendor_user: VendorUser) -> records.User | None:
    if not vendor_user.vendor_user_id:
        return None
    try:
        return vendor.read_user(user_id=vendor_user.vendor_user_id)
    except VendorNotFound:  # deleted at the vendor; create it again under the same identifier
        return None


def _create_or_adopt(vendor: Vendor, vendor_user: VendorUser) -> records.User:
    try:
        return vendor.create_user(identifier=vendor_user.identifier)
    except VendorConflict:
        vendor_user.refresh_from_db()  # a parallel request may have stored it already
    user = _read_user(vendor, vendor_user) or vendor.find_user(identifier=vendor_user.identifier)
    if user is None:
        raise VendorUnavailable(
            "The vendor reports that the user exists but does not list it yet.",
            vendor=vendor.slug,
            operation="find_user",
            retry_after=5,
        )
    return user
