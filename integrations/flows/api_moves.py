"""Move a tenant from one of a vendor's APIs to another, and back (docs/moving-to-platform.md)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from integrations import vendor_sessions
from integrations.flows import api_comparison, credentials, missing_connections
from integrations.flows.api_comparison import Comparison
from integrations.flows.errors import FlowError
from integrations.models import AccountLink, ApiMove, Member, VendorCredential, VendorUser
from nucleus.models import Tenant

SAMPLE_USERS = 5
OTHER_CLIENT = (
    "The new credential has none of the users: it belongs to another client of the vendor. If that "
    "is meant, move as a new client; then people link their banks again."
)
NOT_CARRIED = (
    "Not everything is there under the same id, so data would be lost or doubled. If an import ran "
    "meanwhile, compare again."
)
NOT_NEW = "The new credential has users of the old one. Move without the option for a new client."


@dataclass(frozen=True, slots=True)
class Move:
    """The tenant's active credential, and the inactive one that is to replace it."""

    old: VendorCredential
    new: VendorCredential

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"


def planned(*, tenant: Tenant, vendor: str, credential_id: str = "") -> Move:
    """The move to the tenant's inactive credential of another API.

    Args:
        credential_id: which one, where there are several.

    Raises FlowError.
    """
    rows = VendorCredential.objects.for_tenant(tenant).filter(vendor=vendor)
    old = rows.filter(is_active=True).first()
    if old is None:
        raise FlowError(f"{tenant.slug} has no active {vendor} credential.")
    others = rows.filter(is_active=False).exclude(api=old.api)
    if credential_id:
        others = others.filter(pk=credential_id)
    candidates = list(others.order_by("pk")[:2])
    if not candidates:
        raise FlowError(
            "There is no inactive credential of another API. Add it under Credentials without "
            "making it active, or with `manage.py provision --inactive --api …`."
        )
    if len(candidates) > 1:
        raise FlowError("There are several inactive credentials of other APIs. Name one.")
    return Move(old, candidates[0])


def compare(move: Move, *, users: int = SAMPLE_USERS, interactive: bool = False) -> Comparison:
    """Read a sample through both credentials.

    Args:
        users: how many of the tenant's users, chosen at random.
        interactive: somebody waits for the answer; see vendor_sessions.open_for_tenant.

    Raises VendorNotConfigured and VendorError.
    """
    with (
        vendor_sessions.open_with_credential(credential=move.old, interactive=interactive) as old,
        vendor_sessions.open_with_credential(credential=move.new, interactive=interactive) as new,
    ):
        return api_comparison.compare(old, new, _sample(move.old, users))


def _sample(credential: VendorCredential, count: int) -> list[VendorUser]:
    """Users at random, those with linked accounts first."""
    links = AccountLink.unscoped.filter(member__vendor_user=OuterRef("pk"), ended_at=None)
    rows = VendorUser.objects.for_tenant(credential.tenant_id).filter(
        vendor=credential.vendor, vendor_user_id__isnull=False
    )
    return list(rows.annotate(has_links=Exists(links)).order_by("-has_links", "?")[:count])


def problem(comparison: Comparison, *, is_new_client: bool) -> str | None:
    """Why the tenant cannot be moved; None if it can."""
    if is_new_client:
        is_empty = not comparison.compared["user"]
        return None if is_empty or comparison.is_other_client else NOT_NEW
    if comparison.is_other_client:
        return OTHER_CLIENT
    return None if comparison.ids_carry_over else NOT_CARRIED


def switch(move: Move, *, requested_by: str, is_new_client: bool = False) -> ApiMove:
    """Make the new credential the active one, and all connections due.

    Jobs that run finish with the credential that they have opened; what waits opens the new one.

    Args:
        is_new_client: the new credential has none of the users. Each is marked missing when it is
            next used, and its accounts go on once it was created and has linked its banks again.

    Raises FlowError if the new credential does not work or either was changed meanwhile.
    """
    _ensure_accepted(move.new)
    with transaction.atomic():
        _exchange(move.old, move.new)
        if is_new_client:
            _forget_missing_users(move.new)
        _make_connections_due(move.new)
        return ApiMove.unscoped.create(
            tenant=move.old.tenant,
            vendor=move.old.vendor,
            from_credential=move.old,
            to_credential=move.new,
            from_name=str(move.old),
            to_name=str(move.new),
            is_new_client=is_new_client,
            requested_by=requested_by,
        )


def last_move(*, tenant: Tenant, vendor: str) -> ApiMove | None:
    """The newest move that was not undone."""
    rows = ApiMove.objects.for_tenant(tenant).filter(vendor=vendor, undone_at=None)
    return rows.select_related("from_credential", "to_credential").order_by("-create_date").first()


def undo(*, tenant: Tenant, vendor: str) -> ApiMove:
    """Return to the credential that the last move has replaced.

    Users that were created anew since are missing again, and those of the old client are back.

    Raises FlowError if there is nothing to undo or the old credential does not work.
    """
    moved = last_move(tenant=tenant, vendor=vendor)
    if moved is None:
        raise FlowError("There is no move to undo.")
    old, new = moved.from_credential, moved.to_credential
    if old is None or new is None:
        raise FlowError("A credential of the move was deleted, so it cannot be undone.")
    _ensure_accepted(old)
    with transaction.atomic():
        _exchange(new, old)
        if moved.is_new_client:
            _restore_users(old)
        _make_connections_due(old)
        moved.undone_at = timezone.now()
        moved.save()
    return moved


def _ensure_accepted(credential: VendorCredential) -> None:
    result = credentials.test(credential=credential)
    if not result.ok:
        raise FlowError(f"{credential}: {result.message}")


def _exchange(active: VendorCredential, inactive: VendorCredential) -> None:
    """Raises FlowError if either was changed since it was read."""
    for row, is_active in ((active, True), (inactive, False)):
        rows = VendorCredential.unscoped.select_for_update(of=("self",))
        if not rows.filter(pk=row.pk, update_date=row.update_date, is_active=is_active).exists():
            raise FlowError(f"{row} was changed meanwhile. Look at both credentials, and repeat.")
    active.is_active = False
    active.save()
    inactive.is_active = True
    inactive.save()


def _make_connections_due(credential: VendorCredential) -> None:
    rows = Member.objects.for_tenant(credential.tenant_id)
    rows.filter(vendor_user__vendor=credential.vendor).update(next_sync_at=timezone.now())


def _forget_missing_users(credential: VendorCredential) -> None:
    """Forget ids of users that were replaced before the move: undoing it must not restore them."""
    rows = VendorUser.objects.for_tenant(credential.tenant_id)
    rows.filter(vendor=credential.vendor, vendor_user_id__isnull=False).update(
        missing_vendor_user_id=None
    )


def _restore_users(credential: VendorCredential) -> None:
    """Give users that were created anew the ids that they had before the move."""
    rows = VendorUser.objects.for_tenant(credential.tenant_id).filter(
        vendor=credential.vendor,
        vendor_user_id__isnull=False,
        missing_vendor_user_id__isnull=False,
    )
    for vendor_user in rows.order_by("pk"):
        missing_connections.mark_user_missing(vendor_user)
        VendorUser.unscoped.filter(pk=vendor_user.pk).update(
            vendor_user_id=vendor_user.missing_vendor_user_id, missing_vendor_user_id=None
        )
