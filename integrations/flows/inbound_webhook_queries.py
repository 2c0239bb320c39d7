"""Raw SQL that every inbound webhook runs. Vendors send them in bursts of hundreds a second.

`python -m benchmarks.queries` compares it with the ORM, which takes 0.6 to 0.8 ms longer per query:
6 times as long on SQLite, 2 to 4 times on PostgreSQL (measured on two busy cores).
"""

from __future__ import annotations

from integrations import sql
from integrations.models import AggregationSettings, Member, VendorUser
from nucleus.models import Tenant

SETTINGS = """
    SELECT s.id, s.tenant_id, s.webhook_user, s.webhook_secret,
        s.previous_webhook_user, s.previous_webhook_secret, s.previous_webhook_until
    FROM integrations_aggregationsettings s JOIN nucleus_tenant t ON t.id = s.tenant_id
    WHERE s.webhook_path = %s AND s.vendor = %s AND t.is_active
"""
MEMBER = """
    SELECT m.id, m.tenant_id, m.vendor_user_id, m.vendor_member_id,
        COALESCE(u.vendor_user_id, u.missing_vendor_user_id) AS external_user_id
    FROM integrations_member m JOIN integrations_vendoruser u ON u.id = m.vendor_user_id
    WHERE m.tenant_id = %s AND m.vendor_member_id = %s AND u.vendor = %s
"""


def settings_of_path(path: str, vendor: str) -> AggregationSettings | None:
    """The settings of an active tenant with that webhook path; its other columns are deferred."""
    row = next(iter(AggregationSettings.unscoped.raw(SETTINGS, [path, vendor])), None)
    if row is not None:
        row.tenant = Tenant.of_id(row.tenant_id)
    return row


def member_with_user(
    tenant: Tenant, vendor: str, vendor_member_id: str
) -> tuple[Member, str | None] | None:
    """The tenant's connection and the vendor's id of its user; None if there is no connection.

    Args:
        vendor_member_id: the vendor's id of the connection.
    """
    tenant_id = sql.parameter(Member, "tenant", tenant.pk)
    rows = Member.unscoped.raw(MEMBER, [tenant_id, vendor_member_id, vendor])
    member = next(iter(rows), None)
    if member is None:
        return None
    external_user_id: str | None = vars(member)["external_user_id"]
    member.tenant = tenant
    member.vendor_user = VendorUser(
        pk=member.vendor_user_id, tenant=tenant, vendor=vendor, vendor_user_id=external_user_id
    )
    return member, external_user_id
