"""Sync: read what is new at one connection, after a webhook, by schedule or on request."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from integrations import vendor_sessions
from integrations.flows import (
    account_linking,
    account_links,
    account_pulls,
    adoption,
    bank_link_updates,
    connections,
    holding_pulls,
    missing_accounts,
    missing_connections,
    retrieval,
    sync_results,
    user_sessions,
)
from integrations.flows.account_linking import LinkPolicy
from integrations.flows.connection_state import MISSING
from integrations.flows.errors import ENDS_JOB
from integrations.flows.sync_state import (
    SyncPayload,
    SyncProgress,
    begin_reading,
    has_new_import,
)
from integrations.jobs import job_queue
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun, LeaseLost, Reschedule
from integrations.models import AccountLink, Job, JobState, Member
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import (
    VendorBadResponse,
    VendorError,
    VendorNotFound,
    VendorUserError,
)
from integrations.vendors.records import SyncScope
from nucleus import writes

logger = logging.getLogger(__name__)
IMPORT_TIMEOUT = timedelta(hours=2)  # then accounts are read although the import runs
SCOPES = list(SyncScope)  # each includes those before it


def enqueue(
    *,
    member: Member,
    scope: SyncScope,
    kind: JobKind[SyncPayload] | None = None,
    only_if_changed: bool = False,
    debounce_seconds: float = 0,
) -> Job:
    """Enqueue a sync of the connection, in the caller's transaction.

    A waiting job with the same kind, scope and condition is returned instead. It reads everything
    that the vendor has from now on.

    Args:
        kind: SYNC_MEMBER unless given.
        only_if_changed: read the accounts only if the vendor has imported since the last sync.
        debounce_seconds: delay before the job is due, so that repeated calls share it.
    """
    enqueue_or_join = partial(
        (kind or SYNC_MEMBER).enqueue,
        tenant=member.tenant,
        payload=SyncPayload(str(member.id), scope.value, only_if_changed),
        lock_key=connections.lock_key(member.vendor_user, member.vendor_member_id),
        delay=debounce_seconds,
    )
    job = enqueue_or_join()
    if not _restart_if_started(job):
        job = enqueue_or_join()  # the first one was claimed meanwhile, so this is another job
    return job


def _restart_if_started(job: Job) -> bool:
    """Make a waiting job that has read some accounts read them again; False if it was claimed."""
    progress = SyncProgress.from_json(job.progress)
    restarted = progress.without_read_state()
    if progress == restarted:
        return True
    waiting = Job.objects.filter(pk=job.pk, state=JobState.READY, token=job.token)
    return bool(waiting.update(progress=restarted.to_json()))


def run_job(run: JobRun, payload: SyncPayload) -> None:
    """Read the member and, as far as the scope says, its accounts."""
    member = member_of_job(run, payload)
    if member is None:
        return
    reading_since = job_queue.database_now()
    try:
        is_present = _sync(run, payload, member, reading_since)
    except (Reschedule, LeaseLost, *ENDS_JOB):
        raise
    except VendorUserError:  # stored with the connection
        is_present = False
    except Exception as error:
        sync_results.record_problem(run, member, error)
        raise
    if not is_present:
        with run.completion():
            sync_results.mark_webhooks_handled(member, since=reading_since)


def _sync(run: JobRun, payload: SyncPayload, member: Member, reading_since: datetime) -> bool:
    """Read and complete the job; False if the vendor no longer has the connection."""
    vendor_user = member.vendor_user
    if vendor_user.vendor_user_id is None and not user_sessions.restore_user(vendor_user):
        return False
    scope, only_if_changed = SyncScope(payload.scope), payload.only_if_changed
    with user_sessions.open_for_user(member.vendor_user, interactive=False) as vendor:
        vendor_member = _fetch_member(vendor, member)
        if vendor_member is None:
            adoption.enqueue_unreported(vendor=vendor, vendor_user=vendor_user)
            return False
        if member.connection_status == MISSING:  # it has come back
            scope, only_if_changed = max(scope, SyncScope.EVERYTHING, key=SCOPES.index), False
        if scope is not SyncScope.STATUS:
            _ensure_import_ended(run, vendor, vendor_member)
            if only_if_changed and not has_new_import(member, vendor_member):
                scope = SyncScope.STATUS
        if scope is not SyncScope.STATUS:
            import_id = str(vendor_member.successfully_aggregated_at)
            reading_since = begin_reading(run, import_id, reading_since)
            try:
                _read_accounts(run, vendor, member, scope, import_id)
            except writes.AccountGone as error:  # deleted here while the links were updated
                raise Reschedule(connections.poll_seconds(vendor)) from error
            except VendorNotFound as error:  # the connection was deleted meanwhile, or it is a slip
                if _fetch_member(vendor, member) is None:
                    return False
                raise VendorBadResponse(vendor=error.vendor, operation=error.operation) from error
    sync_results.finish(
        run, member, payload, vendor_member, scope=scope, reading_since=reading_since
    )
    return True


def run_refresh_job(run: JobRun, payload: SyncPayload) -> None:
    """Make the vendor import from the bank, then sync."""
    member = member_of_job(run, payload)
    if member is None:
        return
    if not run.progress(SyncProgress).refresh_started:
        interval = _start_refresh(member)
        run.renew(SyncProgress(refresh_started=True))
        raise Reschedule(interval)
    run_job(run, payload)


def _start_refresh(member: Member) -> float:
    """Make the vendor import; returns the seconds until its state is worth reading."""
    user_id = member.vendor_user.vendor_user_id
    if user_id is None:
        return 0
    with (
        suppress(VendorUserError, VendorNotFound),  # the sync that follows stores what is wrong
        user_sessions.open_for_user(member.vendor_user, interactive=False) as vendor,
    ):
        if capabilities.supports(vendor, capabilities.REFRESH):  # else read what it has
            refresher = capabilities.require(vendor, capabilities.REFRESH)
            refresher.start_aggregation(user_id=user_id, member_id=member.vendor_member_id)
        return connections.poll_seconds(vendor)
    return 0


SYNC_MEMBER = JobKind(
    name="sync_member",
    label="Read a connection",
    queue=Queue.WEBHOOK,
    payload_type=SyncPayload,
    handler=run_job,
    key=lambda payload: payload.key,
)
REFRESH_MEMBER = replace(
    SYNC_MEMBER,
    name="refresh_member",
    label="Make the vendor read the bank, then read the connection",
    handler=run_refresh_job,
)


def member_of_job(run: JobRun, payload: SyncPayload) -> Member | None:
    """The connection that the job is about, with its owner."""
    rows = Member.objects.for_tenant(run.tenant).filter(id=payload.member_id)
    return rows.select_related(
        "vendor_user__client", "vendor_user__business", "vendor_user__tenant", "tenant"
    ).first()


def _fetch_member(vendor: Vendor, member: Member) -> records.Member | None:
    """Read the connection from the vendor and store it; None if the vendor no longer has it."""
    vendor_member = missing_connections.read_or_mark_missing(
        vendor=vendor, vendor_user=member.vendor_user, vendor_member_id=member.vendor_member_id
    )
    if vendor_member is not None:
        connections.store(
            vendor=vendor, vendor_user=member.vendor_user, vendor_member=vendor_member
        )
    return vendor_member


def _ensure_import_ended(run: JobRun, vendor: Vendor, vendor_member: records.Member) -> None:
    """Raise Reschedule while the vendor is importing and no person has to act."""
    has_time = timezone.now() < run.job.create_date + IMPORT_TIMEOUT
    if has_time and connections.is_in_progress(vendor_member):
        raise Reschedule(connections.poll_seconds(vendor))


def _read_accounts(
    run: JobRun, vendor: Vendor, member: Member, scope: SyncScope, import_id: str
) -> None:
    """Read the connection's accounts with one listing, then the data of each.

    One account that fails does not stop the others. An account that the listing could not represent
    is read singly: its own error decides what happens.

    Args:
        import_id: identifies the vendor's import; accounts that an earlier run has read of the same
            import are not read again.
    """
    errors: list[VendorError] = []
    has_links = AccountLink.unscoped.filter(member=member).exists()
    has_accounts = member.awaits_accounts or has_links
    if not has_accounts and not bank_link_updates.concern(member):
        return
    read_at = timezone.now()
    listed = vendor.list_accounts(
        user_id=str(member.vendor_user.vendor_user_id), member_id=member.vendor_member_id
    )
    done = run.progress(SyncProgress).done or []
    if has_accounts:  # else only bank links use it
        _update_links(vendor, member, listed, scope)
    bank_link_updates.update(vendor, member, listed, None if done else scope)
    pending = [link for link in account_links.of_connection(member) if str(link.pk) not in done]
    account_records = {record.id: record for record in listed.records}
    if not pending:
        return
    read_account = _reader(run, vendor, member, scope, import_id)
    for link in pending:
        record = account_records.get(link.vendor_account_id)
        try:
            read_account(link=link, record=record, read_at=read_at)
        except VendorNotFound:
            missing_accounts.end_if_missing(vendor, member, link)
        except writes.AccountGone:
            logger.info("the account of link %s was deleted here", link.pk)
        except VendorUserError:
            raise
        except VendorError as error:
            errors.append(error)
            continue
        done = [*done, str(link.pk)]
        run.renew(SyncProgress(done=done))
        run.yield_turn()
    if errors:
        raise next((error for error in errors if error.is_retryable), errors[0])


def _update_links(
    vendor: Vendor, member: Member, listed: records.Batch[records.Account], scope: SyncScope
) -> None:
    """End links of accounts that are gone, and link new ones if the settings say so."""
    config = vendor_sessions.aggregation_settings(member.tenant)
    account_linking.update_links(
        vendor=vendor,
        member=member,
        listed=listed,
        policy=LinkPolicy(
            adds_new=config.add_new_accounts or member.awaits_accounts,
            announces_new=True,
            relinks_disconnected=member.awaits_accounts,
            # With a larger scope this sync reads them anyway.
            retrieves=config.retrieve_automatically and scope is SyncScope.BALANCES,
        ),
    )


def _reader(
    run: JobRun, vendor: Vendor, member: Member, scope: SyncScope, import_id: str
) -> Callable[..., None]:
    """A function of `link` and `record` that reads an account as far as the scope says."""
    if scope is SyncScope.BALANCES:
        return partial(account_pulls.pull_account_and_balance, vendor=vendor)
    return partial(
        retrieval.retrieve_account,
        run=run,
        vendor=vendor,
        import_id=import_id,
        with_history=scope is SyncScope.HISTORY,
        holding_ids=holding_pulls.accounts_with_holdings(vendor=vendor, member=member),
    )
