"""The Celery application: workers that are woken instead of polling.

Messages carry nothing but a job's id. A message that is lost or doubled is harmless: the job table
decides who runs what, so tasks are acknowledged early and never retried by Celery.
"""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_init
from django.conf import settings
from kombu import Queue

from integrations import starting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")

QUEUES = ("interactive", "webhook", "bulk")
# Somebody waits for what is not named here.
ROUTES = {
    "deliver_webhook": "webhook",
    "retrieve_account": "bulk",
    "sync_member": "webhook",
    "watch_async": "bulk",
}

app = Celery("gateway", broker=settings.REDIS_URL or "memory://")
app.conf.update(
    accept_content=["json"],
    broker_connection_retry_on_startup=True,
    imports=["celery_app.tasks"],
    broker_transport_options={
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
        "visibility_timeout": 3600,
    },
    task_acks_late=False,
    task_default_queue="interactive",
    task_queues=[Queue(name) for name in QUEUES],  # what a worker reads unless told
    task_ignore_result=True,
    task_routes={f"gateway.{kind}": {"queue": queue} for kind, queue in ROUTES.items()},
    task_time_limit=300,
    timezone="UTC",
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
)
app.set_default()


@worker_init.connect
def check_settings(**kwargs: object) -> None:
    """A worker does not start with settings that are unsafe."""
    starting.check_settings()
