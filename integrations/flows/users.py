"""A Nucleus client's or business's user at the vendor."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from integrations import vendor_sessions
from integrations.flows.errors import FlowError
from integrations.jobs import job_queue
from integrations.jobs.job_queue import JobRun
from integrations.models import VendorUser
from integrations.vendors import records, registry
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorConflict, VendorNotFound, VendorUnavailable
from nucleus.models import Client, Owner, Tenant

CREATE_JOB = "create_vendor_user"


@dataclass(frozen=True, slots=True)
class UserOutcome:
    """The mapping and the vendor's own object."""

    vendor_user: VendorUser
    vendor_response: Mapping[str, Any]


def create(*, tenant: Tenant, owner: Owner, vendor_name: str | None = None) -> UserOutcome:
    """Give the client or business a user at the vendor; calling it again answers the same user.

    The mapping row, with the identifier the vendor user will carry, is committed first. Whatever
    happens then, a retry finds the user by that identifier instead of making a second one.
    """
    refuse_if_erased(owner)
    if not owner.is_active:
        raise FlowError(f"This {word(owner)} is deactivated. Set is_active to true first.")
    slug = vendor_sessions.aggregation_vendor(tenant, vendor_name)
    client_id = owner.pk if isinstance(owner, Client) else None
    with vendor_sessions.open_for_tenant(tenant=tenant, vendor=slug, client_id=client_id) as vendor:
        return _ensure(tenant=tenant, owner=owner, vendor=vendor)


def require(*, tenant: Tenant, owner: Owner, vendor: str) -> VendorUser:
    """The owner's user at `vendor`. Raises FlowError when it has to be created first."""
    refuse_if_erased(owner)
    found = (
        VendorUser.objects.for_tenant(tenant)
        .filter(**owner.reference, vendor=vendor, vendor_user_id__isnull=False)
        .first()
    )
    if found is None:
        name = registry.get(vendor).name
        raise FlowError(
            f"This {word(owner)} has no {name} user yet. Create it with POST /integration/v1/user."
        )
    return found


def refuse_if_erased(owner: Owner) -> None:
    """Raises FlowError while a client is being erased: no new work for it."""
    if owner.is_being_erased:
        raise FlowError("This client is being erased; nothing can be linked for it any more.")


def client_created(client: Client) -> None:
    """Hook of Nucleus: enqueue the vendor user in the transaction that creates the client."""
    chosen = vendor_sessions.aggregation_settings(client.tenant)
    if chosen.create_vendor_user_automatically:
        job_queue.enqueue(
            tenant=client.tenant,
            kind=CREATE_JOB,
            payload={"client_id": str(client.id)},
            pending_key=create_job_key(client.tenant_id, client.pk),
        )


def create_job_key(tenant_id: uuid.UUID, client_id: uuid.UUID) -> str:
    """The pending key of the job that creates a client's vendor user."""
    return f"{tenant_id}:{CREATE_JOB}:{client_id}"


def of_job(run: JobRun) -> VendorUser | None:
    """The vendor user that a job is about, or None when it is gone."""
    return (
        VendorUser.objects.for_tenant(run.tenant)
        .filter(id=run.payload["vendor_user_id"])
        .select_related("client", "business", "tenant")
        .first()
    )


def run_job(run: JobRun) -> None:
    """The job behind client_created."""
    client = Client.objects.for_tenant(run.tenant).filter(id=run.payload["client_id"]).first()
    if client is None or not client.is_active or client.erase_requested_at is not None:
        return
    slug = vendor_sessions.aggregation_vendor(run.tenant, None)
    with vendor_sessions.open_for_tenant(
        tenant=run.tenant, vendor=slug, interactive=False, client_id=client.pk
    ) as vendor:
        _ensure(tenant=run.tenant, owner=client, vendor=vendor)


def word(owner: Owner) -> str:
    """What it is, for messages: client or business."""
    return str(owner._meta.verbose_name)


def _ensure(*, tenant: Tenant, owner: Owner, vendor: Vendor) -> UserOutcome:
    mapping, _ = VendorUser.unscoped.get_or_create(
        tenant=tenant,
        **owner.reference,
        vendor=vendor.slug,
        defaults={"identifier": identifier_for(tenant, owner, vendor.slug)},
    )
    user = _existing(vendor, mapping) or _create_or_adopt(vendor, mapping)
    if mapping.vendor_user_id != user.id:
        mapping.vendor_user_id = user.id
        stored = VendorUser.unscoped.filter(pk=mapping.pk)
        if not stored.update(vendor_user_id=user.id, update_date=timezone.now()):
            with suppress(VendorNotFound):  # nobody else would know of it
                vendor.delete_user(user_id=user.id)
            raise FlowError("This client was erased in the meantime.")
    return UserOutcome(vendor_user=mapping, vendor_response=user.raw)


def identifier_for(tenant: Tenant, owner: Owner, vendor: str) -> str:
    """The name our user carries at the vendor: the same for every attempt, a secret to nobody."""
    return str(uuid.uuid5(tenant.id, f"{owner.id}:{vendor}"))


def _existing(vendor: Vendor, mapping: VendorUser) -> records.User | None:
    if not mapping.vendor_user_id:
        return None
    try:
        return vendor.read_user(user_id=mapping.vendor_user_id)
    except VendorNotFound:  # removed at the vendor: start afresh under the same identifier
        return None


def _create_or_adopt(vendor: Vendor, mapping: VendorUser) -> records.User:
    try:
        return vendor.create_user(identifier=mapping.identifier)
    except VendorConflict:
        mapping.refresh_from_db()  # a parallel request may have stored it already
    user = _existing(vendor, mapping) or vendor.find_user(identifier=mapping.identifier)
    if user is None:
        raise VendorUnavailable(
            "The vendor says the user exists but does not list it yet.",
            vendor=vendor.slug,
            operation="find_user",
            retry_after=5,
        )
    return user
