"""All kinds of jobs by name. Each is declared beside its handler, in a module of flows."""

from __future__ import annotations

from typing import Any

from integrations.flows import (
    accounts,
    adoption,
    async_runs,
    billed_holdings,
    erasure,
    outbound_webhooks,
    reconciliation,
    retrieval,
    sync,
    user_disabling,
    users,
    verification_job,
)
from integrations.jobs.job_kind import JobKind

KINDS: dict[str, JobKind[Any]] = {
    kind.name: kind
    for kind in (
        users.CREATE_VENDOR_USER,
        user_disabling.FOLLOW_OWNER,
        billed_holdings.DEACTIVATE_HOLDINGS,
        accounts.LINK_MEMBER,
        adoption.ADOPT_MEMBER,
        verification_job.VERIFY_MEMBER,
        sync.SYNC_MEMBER,
        sync.REFRESH_MEMBER,
        reconciliation.RECONCILE_MEMBER,
        async_runs.WATCH_ASYNC,
        outbound_webhooks.DELIVER_WEBHOOK,
        retrieval.RETRIEVE_ACCOUNT,
        erasure.ERASE_CLIENT,
    )
}
