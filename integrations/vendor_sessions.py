"""From a tenant's settings and credentials to an opened, audited vendor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from integrations import address_policy, audit_context, circuit_breaker, database_connections
from integrations.models import (
    AggregationSettings,
    AuditLog,
    CredentialHealth,
    Member,
    VendorCredential,
    VerificationSettings,
)
from integrations.rate_limiter import vendor_rate_limiter
from integrations.request_context import current_request_id
from integrations.vendors import registry
from integrations.vendors.base import CallPolicy, CallRecord, Vendor, VendorConfig
from integrations.vendors.errors import VendorNotConfigured
from integrations.vendors.spec import ApiSpec, UnknownApi
from nucleus.models import Tenant

logger = logging.getLogger(__name__)
AUDIT_BATCH = 50


@dataclass(frozen=True, slots=True)
class VendorAccess:
    """A tenant's active credential for a vendor, and what its last calls said.

    `health` is None for a credential that was never tried.
    """

    credential: VendorCredential
    health: CredentialHealth | None


def aggregation_settings(tenant: Tenant) -> AggregationSettings:
    """The tenant's aggregation settings, or the defaults where none are stored."""
    stored = AggregationSettings.objects.for_tenant(tenant).first()
    return stored or AggregationSettings(tenant=tenant)


def verification_settings(tenant: Tenant) -> VerificationSettings:
    """The tenant's verification settings, or the defaults where none are stored."""
    stored = VerificationSettings.objects.for_tenant(tenant).first()
    return stored or VerificationSettings(tenant=tenant)


def aggregation_vendor(tenant: Tenant, vendor_name: str | None) -> str:
    """The slug of the requested vendor, or of the settings' one. Raises registry.UnknownVendor."""
    return registry.get(vendor_name or aggregation_settings(tenant).vendor).slug


def is_aggregated(tenant: Tenant, vendor: str) -> bool:
    """Whether the tenant has settings for aggregation by this vendor."""
    return AggregationSettings.objects.for_tenant(tenant).filter(vendor=vendor).exists()


def verification_vendor(tenant: Tenant, vendor_name: str | None) -> str:
    """The slug of the requested vendor, or of the settings' one. Raises registry.UnknownVendor."""
    return registry.get(vendor_name or verification_settings(tenant).vendor).slug


@contextmanager
def open_for_tenant(
    *,
    tenant: Tenant,
    vendor: str,
    interactive: bool = True,
    client_id: UUID | None = None,
    integration_type: str = audit_context.AGGREGATION,
    access: VendorAccess | None = None,
) -> Iterator[Vendor]:
    """Open `vendor` with the tenant's active credential.

    Args:
        interactive: somebody waits for the answer, so all calls together get
            `settings.VENDOR_DEADLINE_SECONDS`; jobs only have a deadline per call.
        client_id: the Nucleus client that all calls are about, for the audit log.
        integration_type: likewise; Hydrogen's name of the product.
        access: the tenant's for this vendor, if the caller has read it.

    Raises VendorNotConfigured, and VendorError also while the circuit breaker pauses calls.
    """
    access = access or _read_access(tenant, vendor)
    breaker = circuit_breaker.CircuitBreaker(access.credential, access.health)
    breaker.check(interactive=interactive)
    with (
        audit_context.audit_subject(integration_type=integration_type, client_id=client_id),
        open_with_credential(
            credential=access.credential, interactive=interactive, breaker=breaker
        ) as adapter,
    ):
        yield adapter


def _read_access(tenant: Tenant, vendor: str) -> VendorAccess:
    rows = VendorCredential.objects.for_tenant(tenant).filter(vendor=vendor, is_active=True)
    credential = rows.select_related("health").first()
    if credential is None:
        name = registry.get(vendor).name
        raise VendorNotConfigured(
            f"No active {name} credentials. Staff can add them in the admin under Credentials, "
            "or with `manage.py provision`.",
            vendor=vendor,
        )
    return VendorAccess(credential, getattr(credential, "health", None))


@contextmanager
def open_with_credential(
    *,
    credential: VendorCredential,
    interactive: bool = True,
    breaker: circuit_breaker.Recorder | None = None,
    observe: Callable[[CallRecord], None] = lambda call: None,
) -> Iterator[Vendor]:
    """Open the vendor of `credential` whatever its health; see open_for_tenant.

    Every call is recorded in the audit log and by the circuit breaker.

    Args:
        breaker: the credential's own by default.
        observe: called after every call, too.
    """
    audit = _Audit(credential.tenant_id)
    breaker = breaker or circuit_breaker.read(credential)

    def on_call(call: CallRecord) -> None:
        audit.add(call)
        if not call.is_probe:
            breaker.record(call)
        observe(call)

    def before_call() -> None:
        database_connections.release()
        vendor_rate_limiter.wait(credential.pk)

    deadline = settings.VENDOR_DEADLINE_SECONDS if interactive else None
    api = api_of(credential)
    adapter = registry.get(credential.vendor).open(
        VendorConfig(
            api=credential.api,
            api_version=credential.api_version or api.versions[-1],
            base_url=base_url(credential),
            client_id=credential.client_id,
            secret=credential.secret,
            policy=CallPolicy(total_deadline=deadline, pages_ahead=settings.VENDOR_PAGES_AHEAD),
            on_call=on_call,
            before_call=before_call,
            before_wait=database_connections.release,
            allowed_hosts=tuple(settings.VENDOR_ALLOWED_HOSTS),
            member_secret=partial(_member_secret, credential),
        )
    )
    try:
        yield adapter
    finally:
        adapter.close()
        audit.flush()


def _member_secret(credential: VendorCredential, user_id: str, member_id: str) -> str | None:
    """The stored secret of a connection; None where there is none."""
    member = (
        Member.objects.for_tenant(credential.tenant_id)
        .filter(vendor_user__vendor=credential.vendor, vendor_user__vendor_user_id=user_id)
        .filter(vendor_member_id=member_id)
        .first()
    )
    return (member.secret or None) if member else None


def api_of(credential: VendorCredential) -> ApiSpec:
    """The API that the credential belongs to.

    Raises VendorNotConfigured for an API or a version that the gateway does not speak.
    """
    try:
        return registry.get(credential.vendor).api(credential.api, credential.api_version)
    except UnknownApi as error:
        raise VendorNotConfigured(
            f"{error} Staff can correct it in the admin under Credentials, or with "
            "`manage.py provision --api … --api-version …`.",
            vendor=credential.vendor,
        ) from None


def base_url(credential: VendorCredential) -> str:
    """Where the vendor is reached. Raises VendorNotConfigured for a host that is not allowed."""
    if credential.environment != VendorCredential.Environment.CUSTOM:
        environments = api_of(credential).environments
        if credential.environment not in environments:
            raise VendorNotConfigured(
                f"{credential.vendor} has no {credential.environment} environment "
                f"for its {credential.api} API.",
                vendor=credential.vendor,
            )
        return environments[credential.environment]
    problem = address_policy.base_url_error(credential.base_url)
    if problem:
        raise VendorNotConfigured(problem, vendor=credential.vendor)
    return credential.base_url.rstrip("/")


class _Audit:
    """Collects calls and stores them in batches, outside the flows' transactions."""

    def __init__(self, tenant_id: UUID) -> None:
        self.tenant_id = tenant_id
        self.rows: list[AuditLog] = []

    def add(self, call: CallRecord) -> None:
        subject = audit_context.current_subject.get()
        self.rows.append(
            AuditLog(
                tenant_id=self.tenant_id,
                vendor=call.vendor,
                operation=call.operation,
                method=call.method,
                path_template=call.path_template,
                attempt=call.attempt,
                status=call.status,
                duration_ms=call.duration_ms,
                error=call.error or "",
                request_id=current_request_id.get(),
                integration_type=subject.integration_type,
                client_id=subject.client_id,
                aggregation_account_id=subject.account_id,
            )
        )
        if len(self.rows) >= AUDIT_BATCH:
            self.flush()

    def flush(self) -> None:
        rows, self.rows = self.rows, []
        try:
            AuditLog.objects.bulk_create(rows)
        except DatabaseError:  # the vendor's answer matters more than its record
            logger.exception("%d vendor calls could not be recorded in the audit log", len(rows))
