"""The tenant's own audit log: entries are added and never changed."""

from __future__ import annotations

from typing import Any

from nucleus.models import AuditLog, Tenant


def add_audit_log(*, tenant: Tenant, **columns: Any) -> AuditLog:
    """Add an entry to the tenant's audit log."""
    entry = AuditLog(tenant=tenant, **columns)
    entry.save(force_insert=True)
    return entry
