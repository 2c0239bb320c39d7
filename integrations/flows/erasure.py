"""Erasure: delete a client's user at the vendor and everything that is stored about the client.

It survives crashes: the vendor's ids are in the Erasure row before anything is deleted, and each is
removed when the vendor has deleted its user. An unreachable vendor or a missing credential delays
only the vendor's part. Writes about the client at the same time fail, since foreign keys and
nucleus.writes refuse rows of a deleted account.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations import vendor_sessions
from integrations.flows import billed_holdings, connections, retention, users
from integrations.flows.erasure_state import ErasePayload, EraseProgress, VendorUserEntry
from integrations.jobs import job_queue, retry
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun, Reschedule
from integrations.models import (
    AuditLog,
    Erasure,
    InboundWebhook,
    Job,
    JobState,
    Member,
    OutboundEvent,
    VendorUser,
)
from integrations.vendors.errors import VendorError, VendorNotConfigured, VendorNotFound
from integrations.vendors.registry import UnknownVendor
from nucleus import models
from nucleus.encryption import DecryptionFailed
from nucleus.models import Client
from nucleus.writes import erasure as nucleus_erasure

EVENT = "client_erased"
POLL_SECONDS = 2.0  # while other jobs of the client run
NOT_CONFIGURED_SECONDS = 3600.0
VENDOR_TIMEOUT = timedelta(days=30)  # then the Erasure row keeps the vendor's ids
GRACE_SECONDS = 5.0
MAX_ATTEMPTS = 1000  # with backoff these take weeks; the job must outlast outages


def request(client: Client, *, requested_by: str) -> Erasure:
    """Hook of Nucleus: deactivate the client and enqueue its erasure, in one transaction.

    The job is due when requests that began earlier have ended, which is after the vendor deadline
    at the latest. Repeated requests return the same erasure.

    Args:
        requested_by: the name of the application or of the member of staff.
    """
    with transaction.atomic():
        row = nucleus_erasure.mark_for_erasure(client.pk)
        if row is None:  # an earlier request's erasure has just finished
            return Erasure.objects.for_tenant(client.tenant_id).get(client_id=client.pk)
        erasure, _ = Erasure.unscoped.get_or_create(
            tenant=row.tenant, client_id=row.pk, defaults={"requested_by": requested_by[:255]}
        )
        payload = ErasePayload(erasure_id=str(erasure.pk))
        ERASE_CLIENT.enqueue(
            tenant=row.tenant,
            payload=payload,
            lock_key=ERASE_CLIENT.pending_key(row.tenant_id, payload),
            delay=settings.VENDOR_DEADLINE_SECONDS + GRACE_SECONDS,
        )
    return erasure


def run_job(run: JobRun, payload: ErasePayload) -> None:
    """Delete at the vendor, then here; continues where an earlier run ended."""
    rows = Erasure.objects.for_tenant(run.tenant)
    erasure = rows.filter(pk=payload.erasure_id, finished_at=None).first()
    if erasure is None:
        return
    if erasure.erased_at is None:
        now = job_queue.database_now()
        if _jobs(erasure).filter(state=JobState.RUNNING, lease_until__gt=now).exists():
            raise Reschedule(POLL_SECONDS)
        erasure.vendor_users = _vendor_user_entries(erasure)
        with transaction.atomic():
            run.renew()
            erasure.save(update_fields=["vendor_users", "update_date"])
    recorded = erasure.vendor_users
    delay = _erase_at_vendors(run, erasure)
    if erasure.erased_at is None:
        nucleus_erasure.redact_bulk_transactions(
            tenant_id=run.tenant.pk, client_id=erasure.client_id, renew=run.renew
        )
        _erase_batches(run, erasure)
        _erase_remaining(run, erasure, recorded)
    if not erasure.vendor_users:
        _finish(run, erasure, Erasure.Outcome.ERASED)
    elif timezone.now() > erasure.create_date + VENDOR_TIMEOUT:
        _finish(run, erasure, Erasure.Outcome.LEFT_AT_VENDOR)
    else:
        raise Reschedule(delay)


ERASE_CLIENT = JobKind(
    name="erase_client",
    label="Erase a customer",
    queue=Queue.BULK,
    payload_type=ErasePayload,
    handler=run_job,
    key=lambda payload: payload.erasure_id,
    max_attempts=MAX_ATTEMPTS,
    is_cancelable=False,
)


def _vendor_user_entries(erasure: Erasure) -> list[VendorUserEntry]:
    """What is needed to delete the client's vendor users, for the Erasure row."""
    return [
        VendorUserEntry(
            vendor=user.vendor,
            vendor_user_id=user.vendor_user_id,
            identifier=user.identifier,
            bills_holdings=user.holdings_check_at is not None,
        )
        for user in _vendor_users(erasure).order_by("create_date")
    ]


def _vendor_users(erasure: Erasure) -> QuerySet[VendorUser]:
    return VendorUser.unscoped.filter(tenant=erasure.tenant_id, client_id=erasure.client_id)


def _members(erasure: Erasure) -> QuerySet[Member]:
    return Member.unscoped.filter(vendor_user__in=_vendor_users(erasure).values("pk"))


def _accounts(erasure: Erasure) -> QuerySet[models.AggregationAccount]:
    return models.AggregationAccount.unscoped.filter(
        tenant=erasure.tenant_id, client_id=erasure.client_id
    )


def _erase_at_vendors(run: JobRun, erasure: Erasure) -> float:
    """Delete each vendor user of the Erasure row; returns the seconds to wait if some remain."""
    tried = run.progress(EraseProgress).tried + 1
    delay, remaining, problem = retry.backoff(tried), [], ""
    for entry in erasure.vendor_users:
        try:
            _erase_at_vendor(run, erasure, entry)
        except VendorError as error:
            remaining.append(entry)
            problem = retry.describe(error)
            delay = max(delay, min(error.retry_after or 0, retry.CAP_SECONDS))
        except (VendorNotConfigured, UnknownVendor, DecryptionFailed) as error:
            remaining.append(entry)
            problem = str(error)
            delay = NOT_CONFIGURED_SECONDS
    erasure.vendor_users, erasure.problem = remaining, problem[:255]
    with transaction.atomic():
        run.renew(EraseProgress(tried=tried))
        erasure.save(update_fields=["vendor_users", "problem", "update_date"])
    return delay


def _erase_at_vendor(run: JobRun, erasure: Erasure, entry: VendorUserEntry) -> None:
    """Delete one vendor user, and with it everything that the vendor has of it."""
    with vendor_sessions.open_for_tenant(
        tenant=run.tenant,
        vendor=entry["vendor"],
        interactive=False,
        client_id=erasure.client_id,
    ) as vendor:
        user_id = entry["vendor_user_id"]
        if user_id is None:  # its creation was never confirmed
            user = vendor.find_user(identifier=entry["identifier"])
            user_id = user.id if user else None
        if user_id is not None:
            if entry.get("bills_holdings"):
                billed_holdings.deactivate(vendor, user_id)
            with suppress(VendorNotFound):  # deleted already
                vendor.delete_user(user_id=user_id)


def _erase_batches(run: JobRun, erasure: Erasure) -> None:
    """Delete the rows of large tables in short transactions."""
    for model in nucleus_erasure.ENTRY_MODELS:
        delete_entries = partial(
            nucleus_erasure.delete_entries,
            model,
            tenant_id=erasure.tenant_id,
            client_id=erasure.client_id,
            limit=retention.BATCH,
        )
        _delete_in_batches(run, erasure, model._meta.label, delete_entries)
    events = _events(erasure)
    delete_events = partial(retention.delete_batch, events)
    _delete_in_batches(run, erasure, events.model._meta.label, delete_events)


def _delete_in_batches(
    run: JobRun, erasure: Erasure, label: str, delete_batch: Callable[[], int]
) -> None:
    """Call `delete_batch`, each time in a transaction, until less than a full batch is left."""
    count = retention.BATCH
    while count >= retention.BATCH:
        with transaction.atomic():
            run.renew()
            count = delete_batch()
            _count(erasure, {label: count})
            erasure.save(update_fields=["counts", "update_date"])


def _erase_remaining(run: JobRun, erasure: Erasure, recorded: list[VendorUserEntry]) -> None:
    """Delete everything else in one transaction; locks are taken in the order of other writers.

    Args:
        recorded: the vendor users that this run has processed; others are added to the Erasure row.
    """
    client = Client.unscoped.filter(tenant=erasure.tenant_id, pk=erasure.client_id)
    with transaction.atomic():
        run.renew()
        for rows in (_vendor_users(erasure), _members(erasure), client, _accounts(erasure)):
            list(rows.select_for_update().values_list("pk", flat=True))
        erasure.vendor_users += [
            entry for entry in _vendor_user_entries(erasure) if entry not in recorded
        ]
        for queryset in (_webhooks(erasure), _jobs(erasure), _events(erasure)):
            _count(erasure, {queryset.model._meta.label: queryset.delete()[0]})
        of_client = {"tenant_id": erasure.tenant_id, "client_id": erasure.client_id}
        redacted = nucleus_erasure.redact_audit_logs(**of_client)
        _count(erasure, {"nucleus.AuditLog (blanked)": redacted})
        left = nucleus_erasure.remove_from_businesses(**of_client)
        _count(erasure, {"nucleus.Business (left)": left})
        _count(erasure, nucleus_erasure.delete_client(**of_client))
        erasure.erased_at = timezone.now()
        erasure.save()


def _jobs(erasure: Erasure) -> QuerySet[Job]:
    """The client's jobs in all states: payloads and keys contain the vendor's ids."""
    create_user = users.CreateUserPayload(client_id=str(erasure.client_id))
    lock_keys = [
        connections.lock_key(member.vendor_user, member.vendor_member_id)
        for member in _members(erasure).select_related("vendor_user")
    ]
    return Job.objects.filter(tenant=erasure.tenant_id).filter(
        Q(lock_key__in=lock_keys)
        | Q(pending_key=users.CREATE_VENDOR_USER.pending_key(erasure.tenant_id, create_user))
        | Q(payload__vendor_user_id__in=_ids(_vendor_users(erasure)))
        | Q(payload__aggregation_account_id__in=_ids(_accounts(erasure)))
    )


def _ids(rows: QuerySet[Any]) -> list[str]:
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


def _webhooks(erasure: Erasure) -> QuerySet[InboundWebhook]:
    """The inbound webhooks about the client's connections."""
    about_client = Q(pk=None)
    for vendor_user in _vendor_users(erasure):
        about_user = Q(vendor_member_id__in=vendor_user.members.values("vendor_member_id"))
        if vendor_user.vendor_user_id is not None:
            about_user |= Q(vendor_user_id=vendor_user.vendor_user_id)
        about_client |= Q(vendor=vendor_user.vendor) & about_user
    return InboundWebhook.objects.filter(about_client, tenant=erasure.tenant_id)


def _events(erasure: Erasure) -> QuerySet[OutboundEvent]:
    """The outbound events about the client; their deliveries cascade."""
    events = OutboundEvent.unscoped.filter(tenant=erasure.tenant_id)
    return events.filter(payload__contains=str(erasure.client_id))


def _count(erasure: Erasure, deleted: dict[str, int]) -> None:
    for name, count in deleted.items():
        if count:
            erasure.counts[name] = erasure.counts.get(name, 0) + count


def _finish(run: JobRun, erasure: Erasure, outcome: str) -> None:
    erasure.outcome, erasure.finished_at = outcome, timezone.now()
    with run.completion():
        erasure.save()
        AuditLog.objects.create(
            tenant=run.tenant,
            operation=EVENT,
            method="DELETE",
            path_template="/nucleus/v1/client/{client_id}",
            status=200,
            duration_ms=0,
            client_id=erasure.client_id,
            summary={
                "requested_by": erasure.requested_by,
                "outcome": erasure.outcome,
                "counts": erasure.counts,
            },
        )
