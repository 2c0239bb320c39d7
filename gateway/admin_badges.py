"""Numbers beside entries of the admin's menu, and the label of the environment."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest

from integrations.flows import connection_state
from integrations.flows.connection_reason_queries import having_reason
from integrations.models import Member, VendorCredential
from integrations.vendors.records import ActionRequiredBy
from nucleus.admin.tenant_access import confine

SECONDS = 30  # a number is shown without counting again
MAX_COUNT = 99


def connections_needing_staff(request: HttpRequest) -> str:
    """How many of the user's connections wait for staff, "99+" for more; empty for none."""
    key = f"connections-needing-staff:{request.user.pk}"
    number = cache.get(key)
    if number is None:
        reasons = connection_state.reasons_of(action_required_by=ActionRequiredBy.STAFF)
        rows = having_reason(confine(Member.unscoped.all(), request.user), reasons)
        number = rows.order_by().values("pk")[: MAX_COUNT + 1].count()
        cache.set(key, number, SECONDS)
    if not number:
        return ""
    return f"{MAX_COUNT}+" if number > MAX_COUNT else str(number)


def environment(request: HttpRequest) -> tuple[str, str] | None:
    """The label of the environments that the user's tenants are connected to, and its colour.

    Everything but the vendor's production is a sandbox. None without credentials.
    """
    if not request.user.is_staff:  # on the log-in page
        return None
    key = f"environments:{request.user.pk}"
    names = cache.get(key)
    if names is None:
        rows = confine(VendorCredential.unscoped.filter(is_active=True), request.user)
        names = set(rows.order_by().values_list("environment", flat=True).distinct())
        cache.set(key, names, SECONDS)
    is_production = VendorCredential.Environment.PRODUCTION in names
    if is_production and len(names) > 1:
        return "Production and sandbox", "danger"
    if is_production:
        return "Production", "danger"
    return ("Sandbox", "warning") if names else None
