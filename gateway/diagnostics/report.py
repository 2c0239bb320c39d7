"""Runs the checks, keeps what they found, and tells staff what concerns them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet, Sum
from django.utils import timezone

from gateway.diagnostics import installation, tenants
from gateway.diagnostics.findings import FIX, Finding
from integrations.models import CredentialHealth, Diagnosis
from nucleus.admin import tenant_access
from nucleus.models import Tenant

MAX_TENANTS = 10  # checked at once on the page; each may wait for its vendor
MAX_SECONDS = 60.0  # after which no further tenant is begun
MAX_REFUSED = 100


def check_installation(*, checked_by: str) -> Iterator[Finding]:
    """Check what all tenants share, and store the result once the last finding is taken.

    Where the database does not answer or its schema is old, that is the last finding, and nothing
    is stored.
    """
    findings = []
    for finding in installation.settings_findings():
        findings.append(finding)
        yield finding
    schema = installation.schema_finding()
    yield schema
    if schema.level is FIX:
        return
    findings.append(schema)
    for finding in installation.service_findings():
        findings.append(finding)
        yield finding
    _store(None, findings, checked_by)


def check_tenant(tenant: Tenant, *, checked_by: str) -> list[Finding]:
    """Check one tenant and store the result."""
    findings = list(tenants.findings(tenant, tested_by=checked_by))
    _store(tenant, findings, checked_by)
    return findings


def check_visible(user: User) -> list[Tenant]:
    """Check what the user sees: the installation, and tenants, those checked longest ago first.

    Returns:
        The tenants that were checked, at most MAX_TENANTS.
    """
    name = user.get_username()
    until = time.monotonic() + MAX_SECONDS
    if tenant_access.sees_all_tenants(user):
        for _ in check_installation(checked_by=name):
            pass
    rows = tenant_access.visible_tenants(user).filter(is_active=True)
    waiting = rows.order_by("diagnosis__checked_at", "pk")
    never = list(waiting.filter(diagnosis=None)[:MAX_TENANTS])
    earlier = list(waiting.exclude(diagnosis=None)[: MAX_TENANTS - len(never)])
    checked = []
    for tenant in never + earlier:
        if time.monotonic() > until:
            break
        check_tenant(tenant, checked_by=name)
        checked.append(tenant)
    return checked


def visible_diagnoses(user: User | AnonymousUser) -> QuerySet[Diagnosis]:
    """What was found last about the user's tenants, and for those who see all, the installation."""
    rows = Diagnosis.objects.exclude(tenant__is_active=False)
    return tenant_access.confine(rows, user)


def problems(user: User | AnonymousUser) -> int:
    """How many things must be fixed, as far as the last checks and refused keys tell.

    Two statements on small tables; nothing is called.
    """
    rows = visible_diagnoses(user)
    stored: int = rows.aggregate(total=Sum("to_fix"))["total"] or 0
    refused = refused_keys(user).exclude(credential__tenant__diagnosis__to_fix__gt=0)
    return stored + len(refused.values("pk")[:MAX_REFUSED])


def refused_keys(user: User | AnonymousUser) -> QuerySet[CredentialHealth]:
    """Credentials in use that the vendor refuses now."""
    rows = CredentialHealth.objects.filter(
        state=CredentialHealth.State.REFUSED,
        credential__is_active=True,
        credential__tenant__is_active=True,
    )
    return tenant_access.confine(rows, user, path="credential__tenant")


def _store(tenant: Tenant | None, findings: Iterable[Finding], checked_by: str) -> None:
    rows: list[dict[str, Any]] = [asdict(finding) for finding in findings]
    Diagnosis.objects.update_or_create(
        scope=Diagnosis.INSTALLATION if tenant is None else str(tenant.pk),
        defaults={
            "tenant": tenant,
            "findings": rows,
            "to_fix": sum(row["level"] == FIX for row in rows),
            "checked_at": timezone.now(),
            "checked_by": checked_by[:150],
        },
    )
