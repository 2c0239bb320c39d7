"""manage.py doctor: check the installation, and print how to fix what is wrong."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import run_checks
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from gateway import database_errors
from gateway.boot.checks import DEVELOPMENT_MODE
from integrations import vendor_sessions
from integrations.flows import credentials, inbound_webhooks
from integrations.jobs import broker, broker_urls, job_queue
from integrations.jobs.job_kind import Queue
from integrations.models import AccountLink, AggregationSettings, Job, JobState, VendorCredential
from nucleus.encryption import DecryptionFailed
from nucleus.models import Tenant

WORKER = "celery -A celery_app worker"
OVERDUE = timedelta(minutes=2)


class Level(enum.StrEnum):
    """How urgent a finding is; only FIX fails the command."""

    OK = "OK"
    WARN = "WARN"
    FIX = "FIX"


OK, WARN, FIX = Level
Finding = tuple[Level, str]  # with the result, or how to fix it


class Command(BaseCommand):
    help = (
        "Check settings, database, Redis, broker, workers, and every tenant's credentials by a "
        "vendor call."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DEVELOPMENT:
            self._write(WARN, DEVELOPMENT_MODE)
        failed = False
        for problem in run_checks(include_deployment_checks=not settings.DEVELOPMENT):
            line = f"{problem.id}: {problem.msg} {problem.hint or ''}".strip()
            if problem.is_serious():
                failed = True
                self._write(FIX, line)
            elif problem.id and problem.id.startswith("gateway."):
                self._write(WARN, line)
        for level, message in _findings():
            failed |= level is FIX
            self._write(level, message)
        if failed:
            raise SystemExit(1)

    def _write(self, level: Level, message: str) -> None:
        self.stdout.write(f"{level:4} {message}")


def _findings() -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield FIX, database_errors.explain(error, connection.settings_dict)
        return
    if missing:
        yield FIX, f"{len(missing)} migrations are missing. Run manage.py migrate."
        return
    yield OK, "The database answers and its schema is current."
    yield from _broker_findings()
    yield from _job_findings()
    for tenant in Tenant.objects.filter(is_active=True).order_by("slug"):
        yield from _tenant_findings(tenant)


def _broker_findings() -> Iterator[Finding]:
    if settings.REDIS_URL and settings.REDIS_URL != settings.BROKER_URL:
        if problem := broker.probe(settings.REDIS_URL, "REDIS_URL"):
            yield FIX, f"{problem.message} Until then the database counts requests."
        else:
            yield OK, "Redis answers."
    if not settings.BROKER_URL:
        yield OK, "No BROKER_URL or REDIS_URL: workers poll the database."
        return
    if problem := broker.probe(settings.BROKER_URL):
        yield FIX, f"{problem.message} Until then only polling workers (manage.py work) run jobs."
        return
    yield OK, f"{broker_urls.server_of(settings.BROKER_URL).name} answers."
    try:
        listening = broker.queues_by_worker(settings.BROKER_URL)
    except Exception as error:  # noqa: BLE001 - kombu, amqp and redis raise errors of many families
        yield FIX, broker.diagnose(error, settings.BROKER_URL).message
        return
    yield from celery_findings(listening)


def celery_findings(listening: dict[str, set[str]]) -> Iterator[Finding]:
    """Whether there are Celery workers, and whether together they read every queue."""
    if not listening:
        yield (
            FIX,
            (
                f"No Celery worker listens. Start one: {WORKER} -- until then only polling workers "
                "(manage.py work) run jobs."
            ),
        )
        return
    for worker, queues in sorted(listening.items()):
        yield OK, f"The Celery worker {worker} reads {', '.join(sorted(queues))}."
    unread = {queue.value for queue in Queue} - set().union(*listening.values())
    if unread:
        names = ",".join(sorted(unread))
        yield FIX, f"No Celery worker reads {names}. Start one: {WORKER} --queues {names}"


def _job_findings() -> Iterator[Finding]:
    now = job_queue.database_now()
    overdue = Job.objects.filter(state=JobState.READY, run_at__lt=now - OVERDUE).count()
    dead = Job.objects.filter(state=JobState.DEAD).count()
    if overdue:
        yield FIX, f"{overdue} jobs are overdue. Is `manage.py work` (or Celery) running?"
    else:
        yield OK, "No job is overdue."
    if dead:
        yield FIX, f"{dead} jobs are dead. See their errors in the admin under Jobs."


def _tenant_findings(tenant: Tenant) -> Iterator[Finding]:
    yield from _credential_findings(tenant)
    try:
        for row in AggregationSettings.objects.for_tenant(tenant):
            _ = row.webhook_secret  # raises if it cannot be decrypted
    except DecryptionFailed as error:
        yield FIX, f"{tenant.slug}: {error}. Is its key missing from FIELD_ENCRYPTION_KEYS?"
    if warning := inbound_webhooks.missing_webhooks_warning(tenant):
        yield FIX, f"{tenant.slug}: {warning}"
    withheld = AccountLink.objects.for_tenant(tenant).filter(ended_at=None, withheld_removals__gt=0)
    if count := withheld.count():
        yield (
            FIX,
            (
                f"{tenant.slug}: an unlikely share of the transactions of {count} accounts is "
                "missing at the vendor, and was kept. See `manage.py transactions withheld`; if "
                "the bank confirms it, `manage.py transactions accept-removals --account …`."
            ),
        )


def _credential_findings(tenant: Tenant) -> Iterator[Finding]:
    """Each credential of the tenant; those in use are tested by a call."""
    rows = list(VendorCredential.objects.for_tenant(tenant).order_by("-is_active", "pk"))
    for row in rows:
        if not row.is_active:
            yield OK, f"{tenant.slug}: {row}: inactive, not tested."
            continue
        result = credentials.test(credential=row)
        yield (OK if result.ok else FIX), f"{tenant.slug}: {row}: {result.message}"
        if notice := credentials.deprecation(row):
            yield WARN, f"{tenant.slug}: {row}: {notice}"
    chosen = {
        vendor_sessions.aggregation_settings(tenant).vendor,
        vendor_sessions.verification_settings(tenant).vendor,
    }
    for vendor in sorted(chosen - {row.vendor for row in rows if row.is_active}):
        yield FIX, f"{tenant.slug}: no active {vendor} credentials; add them."
