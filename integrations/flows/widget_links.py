"""Widget links: URLs of the vendor's connect widget for one client or business."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import F, QuerySet

from integrations import audit_context, vendor_sessions
from integrations.flows import (
    connection_state,
    connections,
    missing_connections,
    user_sessions,
    users,
)
from integrations.flows.connection_state import MISSING
from integrations.flows.errors import NotFound
from integrations.models import AccountLink, Member, VendorUser, VerifiedLink
from integrations.vendors import records, registry
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorNotFound
from nucleus.models import Owner, Tenant


@dataclass(frozen=True, slots=True)
class WidgetLink:
    """A short-lived, single-use URL. Never store or log it: it authenticates the person."""

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
    """Get a widget URL for the owner from the vendor.

    The widget repairs an existing connection if one is named: by `options.member_id`, or by an
    account or bank link that uses it.

    Args:
        options: for verification, `include_identity` and `is_aggregated` are taken from the
            tenant's settings.
        vendor_name: the vendor's slug; defaults to that of the tenant's settings.

    Raises NotFound if the account or bank link is not the owner's, FlowError, UnknownVendor,
    VendorNotConfigured, and VendorError, also for a member that is not the owner's.
    """
    if options.verification:
        config = vendor_sessions.verification_settings(tenant)
        slug = registry.get(vendor_name or config.vendor).slug
        options = replace(
            options,
            include_identity=config.include_identity,
            is_aggregated=vendor_sessions.is_aggregated(tenant, slug),
        )
    else:
        slug = vendor_sessions.aggregation_vendor(tenant, vendor_name)
    vendor_user = users.require(tenant=tenant, owner=owner, vendor=slug)
    member = _connection_to_repair(
        tenant, vendor_user, aggregation_account_id, bank_link_id
    ) or _stored_connection(vendor_user, options.member_id)
    integration_type = (
        audit_context.VERIFICATION if options.verification else audit_context.AGGREGATION
    )
    with (
        user_sessions.open_for_user(vendor_user, integration_type=integration_type) as vendor,
        audit_context.audit_subject(account_id=aggregation_account_id),
    ):
        url = _url(vendor, vendor_user, member, options)
    last = {
        "last_widget_mode": integration_type,
        "last_widget_declines_imports": options.disable_background_imports is True,
    }
    if any(getattr(vendor_user, name) != value for name, value in last.items()):
        VendorUser.unscoped.filter(pk=vendor_user.pk).update(**last)
    return WidgetLink(url=url, vendor=slug)


def _url(
    vendor: Vendor, vendor_user: VendorUser, member: Member | None, options: records.WidgetOptions
) -> str:
    """The link; for a connection that the vendor no longer has, to its institution."""
    user_id = str(vendor_user.vendor_user_id)
    if member is not None and member.connection_status != MISSING:
        repair = replace(options, member_id=member.vendor_member_id)
        try:
            return vendor.widget_url(user_id=user_id, options=repair)
        except VendorNotFound:
            vendor_member = missing_connections.read_or_mark_missing(
                vendor=vendor, vendor_user=vendor_user, vendor_member_id=member.vendor_member_id
            )
            if vendor_member is not None:
                raise
    elif member is None and options.member_id:  # sent by a browser; it may be anybody's
        connections.read_member_of_user(vendor=vendor, user_id=user_id, member_id=options.member_id)
    if member is not None:
        code = options.institution_code or connection_state.institution_code(member)
        options = replace(
            options,
            member_id=None,
            institution_code=code,
            disable_institution_search=options.disable_institution_search and code is not None,
            update_credentials=False,
        )
    return vendor.widget_url(user_id=user_id, options=options)


def _stored_connection(vendor_user: VendorUser, vendor_member_id: str | None) -> Member | None:
    if vendor_member_id is None:
        return None
    rows = vendor_user.members.filter(vendor_member_id=vendor_member_id)
    return rows.select_related("institution").first()


def _connection_to_repair(
    tenant: Tenant, vendor_user: VendorUser, account_id: UUID | None, bank_link_id: UUID | None
) -> Member | None:
    links: QuerySet[AccountLink] | QuerySet[VerifiedLink]
    if account_id is not None:
        links = (
            AccountLink.objects.for_tenant(tenant)
            .filter(aggregation_account_id=account_id)
            .order_by(F("ended_at").desc(nulls_first=True))
        )
        parameter = "nucleus_aggregation_account_id"
    elif bank_link_id is not None:
        links = VerifiedLink.objects.for_tenant(tenant).filter(bank_link_id=bank_link_id)
        parameter = "nucleus_bank_link_id"
    else:
        return None
    link = (
        links.filter(member__vendor_user=vendor_user).select_related("member__institution").first()
    )
    if link is None:
        label = users.owner_label(vendor_user.owner)
        raise NotFound(
            f"{parameter}: this {label} has no such connection. If it was deleted, ask for a "
            "widget link without this parameter; accounts go on when the institution is linked "
            "again."
        )
    return link.member
