"""Links to the vendor's widget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from integrations import audit_context, vendor_sessions
from integrations.flows import connections, users
from integrations.flows.errors import NotFound
from integrations.models import AccountLink, Member, VendorUser, VerifiedLink
from integrations.vendors import records
from nucleus.models import Owner, Tenant


@dataclass(frozen=True, slots=True)
class WidgetLink:
    """A short-lived, single-use URL. Never store or log it: whoever has it acts as the user."""

    url: str
    vendor: str


def create(
    *,
    tenant: Tenant,
    owner: Owner,
    options: records.WidgetOptions,
    vendor_name: str | None = None,
    aggregation_account_id: UUID | None = None,
    bank_link_id: UUID | None = None,
) -> WidgetLink:
    """Ask the vendor for a widget URL for this client or business.

    A member (by `options.member_id`, or through an aggregation account or bank link of the
    owner) makes it a repair of that connection. Raises NotFound for one that is not the owner's.
    """
    if options.verification:
        slug = vendor_sessions.verification_vendor(tenant, vendor_name)
        include_identity = vendor_sessions.verification_settings(tenant).include_identity
        options = replace(options, include_identity=include_identity)
    else:
        slug = vendor_sessions.aggregation_vendor(tenant, vendor_name)
    vendor_user = users.require(tenant=tenant, owner=owner, vendor=slug)
    member = _member(tenant, vendor_user, aggregation_account_id, bank_link_id)
    if member is not None:
        options = replace(options, member_id=member.vendor_member_id)
    user_id = str(vendor_user.vendor_user_id)
    kind = audit_context.VERIFICATION if options.verification else audit_context.AGGREGATION
    with (
        vendor_sessions.open_for_tenant(
            tenant=tenant, vendor=slug, client_id=vendor_user.client_id, integration_type=kind
        ) as vendor,
        audit_context.audit_subject(account_id=aggregation_account_id),
    ):
        if options.member_id and member is None:  # given by a browser: is it really theirs?
            connections.read_member_of_user(
                vendor=vendor, user_id=user_id, member_id=options.member_id
            )
        return WidgetLink(url=vendor.widget_url(user_id=user_id, options=options), vendor=slug)


def _member(
    tenant: Tenant, vendor_user: VendorUser, account_id: UUID | None, bank_link_id: UUID | None
) -> Member | None:
    if account_id is not None:
        links = AccountLink.objects.for_tenant(tenant).filter(aggregation_account_id=account_id)
        what = "nucleus_aggregation_account_id"
    elif bank_link_id is not None:
        links = VerifiedLink.objects.for_tenant(tenant).filter(bank_link_id=bank_link_id)  # type: ignore[assignment]
        what = "nucleus_bank_link_id"
    else:
        return None
    link = links.filter(member__vendor_user=vendor_user).select_related("member").first()
    if link is None:
        raise NotFound(f"{what}: this {users.word(vendor_user.owner)} has no such connection.")
    return link.member
