"""The Celery application: workers that are woken instead of polling.

Messages carry nothing but a job's id. A message that is lost or doubled is harmless: the job table
decides who runs what, so tasks are acknowledged early and never retried by Celery.
"""

from __future__ import annotations

import logging
import os

from celery import Celery
from celery.signals import setup_logging, worker_init
from django.conf import settings
from kombu import Exchange

from integrations.jobs import broker, job_kind
from integrations.jobs.kinds import KINDS
from integrations.jobs.startup_checks import run_startup_checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")

app = Celery("gateway", broker=settings.BROKER_URL or "memory://")
app.conf.update(
    broker.celery_settings(settings.BROKER_URL),
    accept_content=["json"],
    broker_connection_retry_on_startup=True,
    imports=["celery_app.tasks"],
    task_acks_late=False,
    task_default_delivery_mode=Exchange.TRANSIENT_DELIVERY_MODE,  # not written to RabbitMQ's disk
    task_default_queue=job_kind.Queue.INTERACTIVE.value,
    task_queues=broker.QUEUES,  # what a worker reads by default
    task_ignore_result=True,
    task_routes={f"gateway.{name}": {"queue": kind.queue.value} for name, kind in KINDS.items()},
    task_time_limit=300,
    timezone="UTC",
    worker_prefetch_multiplier=1,
)
app.set_default()


@worker_init.connect
def check_settings(**kwargs: object) -> None:
    """A worker does not start if its settings are unsafe."""
    run_startup_checks()


@setup_logging.connect
def keep_logging(**_: object) -> None:
    """Keep LOGGING of the settings in workers; Celery would raise the level to WARNING.

    Celery's own two lines for every message are left out.
    """
    for name in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).setLevel(logging.WARNING)
