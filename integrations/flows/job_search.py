"""Find jobs by whatever somebody knows: a customer, a connection, a request id or an error."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from integrations.flows import connections, owner_search
from integrations.models import Job, JobState, Member
from nucleus.hydrogen.fields import uuid_of
from nucleus.models import Tenant

MAX_MEMBERS = 100
MAX_JOBS = 1000


def search(jobs: QuerySet[Job], text: str, tenants: QuerySet[Tenant]) -> set[UUID]:
    """The ids of at most a few thousand jobs that the text finds.

    Whole ids, and jobs of a connection, are found among all jobs; request ids, errors and other
    jobs of a customer among the newest LIST_WINDOW jobs and dead jobs; parts of names among the
    newest LIST_WINDOW customers of each tenant list.

    Args:
        jobs: those that the caller may see, newest first.
        tenants: whose customers are looked through.
    """
    text, identifier = text.strip(), uuid_of(text.strip())
    owners = owner_search.owner_ids(text, tenants)
    members = Member.unscoped.filter(
        Q(vendor_member_id=text)
        | Q(vendor_user__vendor_user_id=text)
        | Q(vendor_user__client__in=owners)
        | Q(vendor_user__business__in=owners)
        | Q(pk=identifier),
        tenant__in=tenants.order_by().values("pk"),
    ).select_related("vendor_user")[:MAX_MEMBERS]
    chosen = list(members)
    keys = [connections.lock_key(row.vendor_user, row.vendor_member_id) for row in chosen]
    condition = Q(lock_key__in=keys) | Q(pk=identifier)
    ids = set(jobs.filter(condition).values_list("pk", flat=True)[:MAX_JOBS])
    recent = _in_recent_jobs(text, owners, chosen)
    for rows in (jobs, jobs.filter(state=JobState.DEAD)):
        window = rows.values("pk")[: settings.LIST_WINDOW]
        matching = Job.objects.filter(recent, pk__in=window).order_by()
        ids |= set(matching.values_list("pk", flat=True)[:MAX_JOBS])
    return ids


def _in_recent_jobs(text: str, owners: list[UUID], members: list[Member]) -> Q:
    """What is compared row by row, because no index has it."""
    users = {str(member.vendor_user_id) for member in members}
    condition = Q(request_id=text) | Q(last_error__icontains=text)
    condition |= Q(payload__client_id__in=[str(owner) for owner in owners])
    condition |= Q(payload__vendor_user_id__in=sorted(users))
    named = (
        "aggregation_account_id", "delivery_id", "member_id", "vendor_member_id", "vendor_user_id",
    )  # fmt: skip
    for key in named:
        condition |= Q(**{f"payload__{key}": text})
    return condition
