"""manage.py doctor: check the installation, and print how to fix what is wrong."""

from __future__ import annotations

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
from integrations.flows import inbound_webhooks
from integrations.jobs import broker, job_queue
from integrations.jobs.job_kind import Queue
from integrations.models import AccountLink, AggregationSettings, Job, JobState, VendorCredential
from integrations.vendors.errors import VendorNotConfigured
from nucleus.encryption import DecryptionFailed
from nucleus.models import Tenant

WORKER = "celery -A celery_app worker"
OVERDUE = timedelta(minutes=2)
Finding = tuple[bool, str]  # whether it is OK, and the result or how to fix it


class Command(BaseCommand):
    help = (
        "Check settings, database, Redis, workers, and every tenant's credentials by a vendor call."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DEVELOPMENT:
            self.stdout.write(f"WARN {DEVELOPMENT_MODE}")
        failed = False
        problems = run_checks(include_deployment_checks=not settings.DEVELOPMENT)
        for problem in problems:
            line = f"{problem.id}: {problem.msg} {problem.hint or ''}".strip()
            if problem.is_serious():
                failed = True
                self.stdout.write(f"FIX  {line}")
            elif problem.id and problem.id.startswith("gateway."):
                self.stdout.write(f"WARN {line}")
        for is_ok, message in _findings():
            failed |= not is_ok
            self.stdout.write(f"{'OK ' if is_ok else 'FIX'}  {message}")
        if failed:
            raise SystemExit(1)


def _findings() -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield False, database_errors.explain(error, connection.settings_dict)
        return
    if missing:
        yield False, f"{len(missing)} migrations are missing. Run manage.py migrate."
        return
    yield True, "The database answers and its schema is current."
    yield from _broker_findings()
    yield from _job_findings()
    for tenant in Tenant.objects.filter(is_active=True).order_by("slug"):
        yield from _tenant_findings(tenant)


def _broker_findings() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        yield True, "No REDIS_URL: workers poll the database."
        return
    if problem := broker.probe(settings.REDIS_URL):
        yield False, f"{problem.message} Until then only polling workers (manage.py work) run jobs."
        return
    yield True, "Redis answers."
    try:
        listening = broker.queues_by_worker(settings.REDIS_URL)
    except Exception as error:  # noqa: BLE001 - kombu and redis raise errors of many families
        yield False, broker.diagnose(error, settings.REDIS_URL).message
        return
    yield from celery_findings(listening)


def celery_findings(listening: dict[str, set[str]]) -> Iterator[Finding]:
    """Whether there are Celery workers, and whether together they read every queue."""
    if not listening:
        yield (
            False,
            (
                f"No Celery worker listens. Start one: {WORKER} -- until then only polling workers "
                "(manage.py work) run jobs."
            ),
        )
        return
    for worker, queues in sorted(listening.items()):
        yield True, f"The Celery worker {worker} reads {', '.join(sorted(queues))}."
    unread = {queue.value for queue in Queue} - set().union(*listening.values())
    if unread:
        names = ",".join(sorted(unread))
        yield False, f"No Celery worker reads {names}. Start one: {WORKER} --queues {names}"


def _job_findings() -> Iterator[Finding]:
    now = job_queue.database_now()
    overdue = Job.objects.filter(state=JobState.READY, run_at__lt=now - OVERDUE).count()
    dead = Job.objects.filter(state=JobState.DEAD).count()
    if overdue:
        yield False, f"{overdue} jobs are overdue. Is `manage.py work` (or Celery) running?"
    else:
        yield True, "No job is overdue."
    if dead:
        yield False, f"{dead} jobs are dead. See their errors in the admin under Jobs."


def _tenant_findings(tenant: Tenant) -> Iterator[Finding]:
    chosen = vendor_sessions.aggregation_settings(tenant)
    credential = (
        VendorCredential.objects.for_tenant(tenant).filter(vendor=chosen.vendor, is_active=True)
    ).first()
    if credential is None:
        yield False, f"{tenant.slug}: no active {chosen.vendor} credentials; add them."
        return
    try:
        with vendor_sessions.open_with_credential(credential=credential) as vendor:
            result = vendor.check()
        for row in AggregationSettings.objects.for_tenant(tenant):
            _ = row.webhook_secret  # raises if it cannot be decrypted
    except VendorNotConfigured as error:
        yield False, f"{tenant.slug}: {error}"
    except DecryptionFailed as error:
        yield False, f"{tenant.slug}: {error}. Is its key missing from FIELD_ENCRYPTION_KEYS?"
    else:
        yield result.ok, f"{tenant.slug}: {result.message}"
    if warning := inbound_webhooks.missing_webhooks_warning(tenant):
        yield False, f"{tenant.slug}: {warning}"
    withheld = AccountLink.objects.for_tenant(tenant).filter(ended_at=None, withheld_removals__gt=0)
    if count := withheld.count():
        yield (
            False,
            (
                f"{tenant.slug}: an unlikely share of the transactions of {count} accounts is "
                "missing at the vendor, and was kept. See `manage.py transactions withheld`; if "
                "the bank confirms it, `manage.py transactions accept-removals --account …`."
            ),
        )
