"""Starts jobs, and refuses those that MX refuses (400, 403, 409, 429)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sandbox.world import clock, lifecycle, questions
from sandbox.world.ids import guid
from sandbox.world.institutions import INSTITUTIONS
from sandbox.world.models import Account, Member
from sandbox.world.rules import RULES
from sandbox.world.statuses import AT_REST

BALANCE_JOBS, BALANCE_WINDOW = 5, timedelta(hours=2)
UNTHROTTLED = {"REJECTED", "PREVENTED", "UPDATED"}


class JobRefused(Exception):
    """A job cannot start: `status` is what MX answers."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of job and what it needs of the institution."""

    name: str
    supported: str = ""  # attribute of Institution
    can_include_transactions: bool = False  # only on request


JOBS = {
    "aggregate": Job("AGGREGATION"),
    "balance": Job("BALANCE"),
    "verify": Job("VERIFICATION", "supports_verification", True),
    "identify": Job("IDENTIFICATION", "supports_identification", True),
    "extend_history": Job("HISTORY", "supports_history"),
    "fetch_statements": Job("STATEMENT", "supports_statements"),
}


def reload(member: Member) -> Member:
    """The row, read again inside this transaction. Raises Member.DoesNotExist."""
    return Member.objects.select_related("user", "bank_login").get(pk=member.pk)


def start(member: Member, path: str, *, transactions: bool | None = None) -> Member:
    """Start the job of an endpoint; the member, changed or (where MX says 202 too) as it was.

    Args:
        path: a key of JOBS.
        transactions: whether they are imported as well; None: as MX does for this job.

    Raises:
        JobRefused: 400, 403, 409 or 429.
    """
    job, at = JOBS[path], clock.now()
    with transaction.atomic():
        member = reload(member)
        _refuse(member, path, job)
        if member.job == job.name or member.connection_status in AT_REST:
            return member
        if job.name == "AGGREGATION" and _is_throttled(member, at):
            return member
        if job.name == "BALANCE":
            _count_balance_job(member, at)
        with_transactions = (
            not job.can_include_transactions if transactions is None else transactions
        )
        lifecycle.start(member, job.name, at, transactions=with_transactions)
    return member


def _refuse(member: Member, path: str, job: Job) -> None:
    institution = INSTITUTIONS[member.institution_code]
    if path in RULES.disabled_features:
        raise JobRefused(403, f"{job.name.capitalize()} is not enabled for this client.")
    if job.supported and not getattr(institution, job.supported):
        raise JobRefused(400, f"{institution.name} does not support this job.")
    if member.job and member.job != job.name:
        raise JobRefused(409, "Another job is running on this member.")


def _is_throttled(member: Member, at: datetime) -> bool:
    seconds = INSTITUTIONS[member.institution_code].throttle_seconds
    if not seconds or member.throttled_from is None or member.connection_status in UNTHROTTLED:
        return False
    return at < member.throttled_from + timedelta(seconds=seconds)


def _count_balance_job(member: Member, at: datetime) -> None:
    if not INSTITUTIONS[member.institution_code].throttle_seconds:
        return
    recent = [
        started for started in member.balance_jobs if started > (at - BALANCE_WINDOW).timestamp()
    ]
    if len(recent) >= BALANCE_JOBS:
        raise JobRefused(429, f"No more than {BALANCE_JOBS} balance jobs run in two hours.")
    member.balance_jobs = [*recent, at.timestamp()]


def start_first(member: Member, *, transactions: bool = True, job: str = "AGGREGATION") -> None:
    """Start the job of a new member or of new credentials; saves the member."""
    lifecycle.start(member, job, clock.now(), transactions=transactions)


def answer(member: Member, values: dict[str, str]) -> Member:
    """Answer the waiting challenges.

    Args:
        values: challenge guid → answer, for all waiting challenges.

    Raises:
        JobRefused: no challenge is waiting (409), or an answer is missing (400).
    """
    with transaction.atomic():
        member = reload(member)
        if member.connection_status != "CHALLENGED":
            raise JobRefused(409, "This member has not been challenged.")
        guids = [questions.question_guid(member, kind) for kind in member.questions]
        if missing := [guid for guid in guids if guid not in values]:
            raise JobRefused(400, f"A required parameter was missing: the answer to {missing[0]}.")
        lifecycle.resume(member, [values[guid] for guid in guids], clock.now())
    return member


def account_numbers(member: Member) -> list[dict[str, Any]]:
    """Account numbers of verified accounts."""
    return [
        {
            "account_guid": row.guid,
            "account_number": row.number,
            "institution_number": None,
            "member_guid": member.guid,
            "routing_number": row.routing,
            "transit_number": None,
            "user_guid": member.user.guid,
        }
        for row in Account.objects.filter(member=member, guid__in=member.verified).order_by("id")
    ]


def account_owners(member: Member) -> list[dict[str, Any]]:
    """Owners of the accounts; empty before an identification."""
    return [
        {
            "guid": guid("ACO", row.guid, *([number] if number else [])),
            "user_guid": member.user.guid,
            "member_guid": member.guid,
            "account_guid": row.guid,
        }
        | owner
        for row in Account.objects.filter(member=member).order_by("id")
        for number, owner in enumerate(row.owners or [])
    ]
