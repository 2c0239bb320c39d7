"""Checks of what all tenants share: settings, database, broker, workers, keys, public address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import requests
from django.conf import settings
from django.core.checks import run_checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse

from gateway import database_errors
from gateway.boot.checks import DEVELOPMENT_MODE
from gateway.diagnostics.findings import FIX, OK, WARN, Finding
from integrations.jobs import broker, broker_urls, job_queue
from integrations.jobs.job_kind import Queue
from integrations.models import Job, JobState
from nucleus import encryption_checks

DATABASE = "Database"
WORKER = "celery -A celery_app worker"
OVERDUE = timedelta(minutes=2)
LOOP_BACK_SECONDS = 3.0


def settings_findings() -> Iterator[Finding]:
    """Django's checks and ours; whether this is development mode."""
    if settings.DEVELOPMENT:
        yield Finding(WARN, "Settings", DEVELOPMENT_MODE)
    for problem in run_checks(include_deployment_checks=not settings.DEVELOPMENT):
        line = f"{problem.id}: {problem.msg} {problem.hint or ''}".strip()
        if problem.is_serious():
            yield Finding(FIX, "Settings", line)
        elif problem.id and problem.id.startswith("gateway."):
            yield Finding(WARN, "Settings", line)


def schema_finding() -> Finding:
    """Whether the database answers and its schema is current."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        message = database_errors.explain(error, connection.settings_dict)
        return Finding(FIX, DATABASE, message)
    if missing:
        message = f"{len(missing)} migrations are missing. Run manage.py migrate."
        return Finding(FIX, DATABASE, message)
    return Finding(OK, DATABASE, "The database answers and its schema is current.")


def service_findings() -> Iterator[Finding]:
    """Broker, workers, encryption keys and the public address. The schema has to be current."""
    yield from _broker_findings()
    yield overdue_finding()
    yield from _encryption_findings()
    yield public_address_finding()


def _broker_findings() -> Iterator[Finding]:
    if settings.REDIS_URL and settings.REDIS_URL != settings.BROKER_URL:
        if problem := broker.probe(settings.REDIS_URL, "REDIS_URL"):
            message = f"{problem.message} Until then the database counts requests."
            yield Finding(FIX, "Redis", message)
        else:
            yield Finding(OK, "Redis", "Redis answers.")
    if not settings.BROKER_URL:
        yield Finding(OK, "Broker", "No BROKER_URL or REDIS_URL: workers poll the database.")
        return
    if problem := broker.probe(settings.BROKER_URL):
        message = f"{problem.message} Until then only polling workers (manage.py work) run jobs."
        yield Finding(FIX, "Broker", message)
        return
    yield Finding(OK, "Broker", f"{broker_urls.server_of(settings.BROKER_URL).name} answers.")
    try:
        listening = broker.queues_by_worker(settings.BROKER_URL)
    except Exception as error:  # noqa: BLE001 - kombu, amqp and redis raise errors of many families
        yield Finding(FIX, "Broker", broker.diagnose(error, settings.BROKER_URL).message)
        return
    yield from celery_findings(listening)


def celery_findings(listening: dict[str, set[str]]) -> Iterator[Finding]:
    """Whether there are Celery workers, and whether together they read every queue."""
    if not listening:
        message = (
            f"No Celery worker listens. Start one: {WORKER} -- until then only polling workers "
            "(manage.py work) run jobs."
        )
        yield Finding(FIX, "Workers", message)
        return
    for worker, queues in sorted(listening.items()):
        message = f"The Celery worker {worker} reads {', '.join(sorted(queues))}."
        yield Finding(OK, "Workers", message)
    unread = {queue.value for queue in Queue} - set().union(*listening.values())
    if unread:
        names = ",".join(sorted(unread))
        message = f"No Celery worker reads {names}. Start one: {WORKER} --queues {names}"
        yield Finding(FIX, "Workers", message)


def overdue_finding() -> Finding:
    """Whether jobs wait although they are due, so that no worker seems to run."""
    now = job_queue.database_now()
    overdue = Job.objects.filter(state=JobState.READY, run_at__lt=now - OVERDUE).count()
    if not overdue:
        return Finding(OK, "Workers", "No job is overdue.")
    message = f"{overdue} jobs are overdue. Is `manage.py work` (or Celery) running?"
    return Finding(FIX, "Workers", message, reverse("admin:integrations_job_changelist"))


def _encryption_findings() -> Iterator[Finding]:
    unreadable = encryption_checks.unreadable_columns()
    for name, (failed, read) in sorted(unreadable.items()):
        message = (
            f"{name}: {failed} of {read} stored values that were tried cannot be decrypted. Is "
            "their key missing from FIELD_ENCRYPTION_KEYS?"
        )
        yield Finding(FIX, "Encryption keys", message)
    if not unreadable:
        yield Finding(OK, "Encryption keys", "The stored secrets that were tried can be decrypted.")


def public_address_finding() -> Finding:
    """Whether the gateway answers at PUBLIC_URL, as seen from this machine.

    Never a failure: a firewall may serve everybody else and refuse this machine.
    """
    url = f"{settings.PUBLIC_URL}/health/live"
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(url, timeout=LOOP_BACK_SECONDS, allow_redirects=False, stream=True)
            status = answer.status_code
    except requests.RequestException as error:
        problem = f"does not answer ({type(error).__name__})"
    else:
        if status == 200:
            return Finding(OK, "Public address", f"The gateway answers at {settings.PUBLIC_URL}.")
        problem = f"answers with status {status}"
    message = (
        f"{settings.PUBLIC_URL} {problem} when this machine asks. If it does not from outside "
        "either, MX cannot send webhooks: check PUBLIC_URL, DNS, the proxy and the firewall."
    )
    return Finding(WARN, "Public address", message)
