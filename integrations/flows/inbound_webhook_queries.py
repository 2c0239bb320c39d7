"""Queries that every inbound webhook runs. Vendors send them in bursts of hundreds a second.

They are compiled once; `python -m benchmarks.queries` compares them with the ORM.
"""

from __future__ import annotations

from django.db.models import CharField, UUIDField
from django.db.models.functions import Coalesce

from integrations.models import AggregationSettings, Member, VendorUser
from nucleus.compiled_queries import CompiledQuery, Parameter, partial_instance
from nucleus.models import Tenant

SETTINGS_COLUMNS = (
    "id", "tenant_id", "webhook_user", "webhook_secret",
    "previous_webhook_user", "previous_webhook_secret", "previous_webhook_until",
)  # fmt: skip
SETTINGS = CompiledQuery(
    lambda: (
        AggregationSettings.unscoped.filter(
            webhook_path=Parameter("path", CharField()),
            vendor=Parameter("vendor", CharField()),
            tenant__is_active=True,
        )
        .order_by()
        .values_list(*SETTINGS_COLUMNS)
    )
)
MEMBER_COLUMNS = ("id", "tenant_id", "vendor_user_id", "vendor_member_id")
MEMBER = CompiledQuery(
    lambda: (
        Member.unscoped.filter(
            tenant_id=Parameter("tenant", UUIDField()),
            vendor_member_id=Parameter("member", CharField()),
            vendor_user__vendor=Parameter("vendor", CharField()),
        )
        .order_by()
        .values_list(
            *MEMBER_COLUMNS,
            Coalesce("vendor_user__vendor_user_id", "vendor_user__missing_vendor_user_id"),
        )
    )
)


def settings_of_path(path: str, vendor: str) -> AggregationSettings | None:
    """The settings of an active tenant with that webhook path; its other columns are deferred."""
    rows = SETTINGS.rows(path=path, vendor=vendor)
    if not rows:
        return None
    row = partial_instance(AggregationSettings, SETTINGS_COLUMNS, rows[0])
    row.tenant = Tenant.of_id(row.tenant_id)
    return row


def member_with_user(
    tenant: Tenant, vendor: str, vendor_member_id: str
) -> tuple[Member, str | None] | None:
    """The tenant's connection and the vendor's id of its user; None if there is no connection.

    Args:
        vendor_member_id: the vendor's id of the connection.
    """
    rows = MEMBER.rows(tenant=tenant.pk, member=vendor_member_id, vendor=vendor)
    if not rows:
        return None
    member = partial_instance(Member, MEMBER_COLUMNS, rows[0])
    external_user_id: str | None = rows[0][-1]
    member.tenant = tenant
    member.vendor_user = VendorUser(
        pk=member.vendor_user_id, tenant=tenant, vendor=vendor, vendor_user_id=external_user_id
    )
    return member, external_user_id
