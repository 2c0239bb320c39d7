"""Checks of one tenant: its keys, the clock, its webhooks and its jobs."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from gateway.diagnostics.findings import FIX, OK, WARN, Finding
from integrations import address_policy, vendor_sessions
from integrations.flows import credentials, inbound_webhooks
from integrations.models import AccountLink, AggregationSettings, Job, JobState, VendorCredential
from integrations.vendors import registry
from nucleus.encryption import DecryptionFailed
from nucleus.models import Tenant

MAX_CLOCK_OFFSET = 30.0  # seconds
MAX_COUNTED = 1000
CUSTOM = VendorCredential.Environment.CUSTOM


def findings(tenant: Tenant, *, tested_by: str) -> Iterator[Finding]:
    """Everything about one tenant. Credentials in use are tested by a call each.

    Args:
        tested_by: who asked for it, for staff.
    """
    rows = list(VendorCredential.objects.for_tenant(tenant).order_by("-is_active", "pk"))
    for row in rows:
        yield from _credential_findings(row, tested_by)
    yield from _missing_credentials(tenant, rows)
    yield from _webhook_findings(tenant, rows)
    yield from _dead_jobs(tenant)
    yield from _withheld_removals(tenant)


def _credential_findings(row: VendorCredential, tested_by: str) -> Iterator[Finding]:
    page = reverse("admin:integrations_vendorcredential_change", args=[row.pk])
    if not row.is_active:
        yield Finding(OK, "Credentials", f"{row}: inactive, not tested.", page)
        return
    result = credentials.test(credential=row, tested_by=tested_by)
    yield Finding(OK if result.ok else FIX, "Credentials", f"{row}: {result.message}", page)
    if notice := credentials.deprecation(row):
        yield Finding(WARN, "Credentials", f"{row}: {notice}", page)
    if result.clock_offset is not None:
        yield clock_finding(registry.get(row.vendor).name, result.clock_offset)


def clock_finding(vendor: str, offset: float) -> Finding:
    """Whether this machine's clock agrees with the vendor's.

    Args:
        offset: seconds by which the vendor's clock is ahead.
    """
    if abs(offset) <= MAX_CLOCK_OFFSET:
        return Finding(OK, "Clock", f"This machine's clock agrees with that of {vendor}.")
    direction = "behind" if offset > 0 else "ahead of"
    message = (
        f"This machine's clock is {abs(offset):.0f} s {direction} that of {vendor}. Tokens, "
        "signatures of webhooks and dates of data depend on it: synchronise it (NTP, for example "
        "`timedatectl set-ntp true`)."
    )
    return Finding(FIX, "Clock", message)


def _missing_credentials(tenant: Tenant, rows: list[VendorCredential]) -> Iterator[Finding]:
    chosen = {
        vendor_sessions.aggregation_settings(tenant).vendor,
        vendor_sessions.verification_settings(tenant).vendor,
    }
    page = reverse("admin:integrations_vendorcredential_add")
    for vendor in sorted(chosen - {row.vendor for row in rows if row.is_active}):
        message = f"no active {vendor} credentials; add them."
        yield Finding(FIX, "Credentials", message, f"{page}?tenant={tenant.pk}")


def _webhook_findings(tenant: Tenant, rows: list[VendorCredential]) -> Iterator[Finding]:
    stored = AggregationSettings.objects.for_tenant(tenant).first()
    if stored is None:
        page = reverse("admin:integrations_aggregationsettings_add") + f"?tenant={tenant.pk}"
        message = "no settings are stored, so there is no address for MX's webhooks; add them."
        yield Finding(WARN, "Webhooks", message, page)
        return
    page = reverse("admin:integrations_aggregationsettings_change", args=[stored.pk])
    try:
        has_access = bool(stored.webhook_user and stored.webhook_secret)
    except DecryptionFailed as error:
        message = f"{error}. Is its key missing from FIELD_ENCRYPTION_KEYS?"
        yield Finding(FIX, "Webhooks", message, page)
        return
    if not has_access:
        message = "Webhook User or Webhook Secret is empty, so the vendor's webhooks are refused."
        yield Finding(WARN, "Webhooks", message, page)
    if any(row.is_active and row.environment != CUSTOM for row in rows) and not _is_reachable():
        message = (
            f"MX cannot reach {settings.PUBLIC_URL}, which is this machine or a private network: "
            "set PUBLIC_URL to the gateway's public https address, and register the new webhook "
            "address at MX."
        )
        yield Finding(FIX, "Webhooks", message, page)
    if warning := inbound_webhooks.missing_webhooks_warning(tenant):
        yield Finding(FIX, "Webhooks", warning, page)
    elif has_access:
        yield Finding(OK, "Webhooks", "the vendor's webhooks have an address and access.", page)


def _is_reachable() -> bool:
    """Whether PUBLIC_URL can be an address of the Internet."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    return not address_policy.is_local(host)


def _dead_jobs(tenant: Tenant) -> Iterator[Finding]:
    dead = Job.objects.filter(tenant=tenant, state=JobState.DEAD)
    count = len(dead.values("pk")[:MAX_COUNTED])
    if count:
        number = f"{count} or more" if count == MAX_COUNTED else str(count)
        page = reverse("admin:integrations_job_changelist")
        message = f"{number} jobs are dead. See their errors in the admin under Jobs."
        yield Finding(FIX, "Jobs", message, f"{page}?state__exact=dead")


def _withheld_removals(tenant: Tenant) -> Iterator[Finding]:
    withheld = AccountLink.objects.for_tenant(tenant).filter(ended_at=None, withheld_removals__gt=0)
    if count := withheld.count():
        message = (
            f"an unlikely share of the transactions of {count} accounts is missing at the vendor, "
            "and was kept. See `manage.py transactions withheld`; if the bank confirms it, "
            "`manage.py transactions accept-removals --account …`."
        )
        page = reverse("admin:integrations_accountlink_changelist")
        yield Finding(FIX, "Transactions", message, page)
