"""Members as MX runs them: jobs that take time, questions on the way, every connection status.

Time is not simulated by a background thread: whoever looks at a member first brings it up to date.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from sandbox.world import data
from sandbox.world.institutions import INSTITUTIONS, guid
from sandbox.world.models import Account, Member

# In the order of MX's numbers, which widget messages carry.
STATUSES = (
    "CREATED", "PREVENTED", "DENIED", "CHALLENGED", "REJECTED", "LOCKED", "CONNECTED", "IMPEDED",
    "RECONNECTED", "DEGRADED", "DISCONNECTED", "DISCONTINUED", "CLOSED", "DELAYED", "FAILED",
    "UPDATED", "DISABLED", "IMPORTED", "RESUMED", "EXPIRED", "IMPAIRED", "PENDING",
)  # fmt: skip
# Test passwords (and answers) that fail, and how. Any status is also a password for itself.
FAILURES = {
    "BAD_REQUEST": ("FAILED", "HALTED"),
    "UNAUTHORIZED": ("DENIED", "DENIED"),
    "INVALID": ("DENIED", "DENIED"),
    "LOCKED": ("LOCKED", "HALTED"),
    "DISABLED": ("DISABLED", "HALTED"),
    "SERVER_ERROR": ("FAILED", "HALTED"),
    "UNAVAILABLE": ("FAILED", "HALTED"),
} | {word: (word, "HALTED") for word in STATUSES if word not in ("CONNECTED", "CHALLENGED")}
QUESTIONS = {"challenge": "TEXT", "options": "OPTIONS"}
ANSWER_SECONDS = 600  # then the institution gives up waiting
CORRECT = "correct"


class JobRefused(Exception):
    """A job cannot start: `status` is what MX answers (202 running or throttled, 409, 400)."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of job: what it needs of the institution and what it leaves behind."""

    name: str
    supported: str = ""  # attribute of Institution
    leaves: str = ""  # attribute of Member


JOBS = {
    "aggregate": Job("AGGREGATION"),
    "balance": Job("BALANCE"),
    "verify": Job("VERIFICATION", "supports_verification", "has_numbers"),
    "identify": Job("IDENTIFICATION", "supports_identification", "has_owners"),
    "extend_history": Job("HISTORY", "supports_history"),
}


def start(member: Member, job: Job) -> Member:
    """Start a job. Raises JobRefused; with status 202 the member is simply as it is."""
    with transaction.atomic():
        member = current(member, lock=True)
        institution = INSTITUTIONS[member.institution_code]
        if job.supported and not getattr(institution, job.supported):
            raise JobRefused(400, f"{institution.name} does not support this job.")
        if member.job == job.name:
            raise JobRefused(202)
        if member.job:
            raise JobRefused(409, "Another job is running on this member.")
        _run(member, job.name)
    return member


def begin(member: Member) -> None:
    """The first aggregation of a new member, or one with new credentials."""
    _run(member, JOBS["aggregate"].name)


def _run(member: Member, name: str) -> None:
    now = timezone.now()
    member.job = name
    member.status = "INITIATED"
    member.challenge = member.answer = ""
    member.aggregated_at = now
    member.job_ends_at = now + timedelta(seconds=settings.JOB_SECONDS)
    member.save()


def current(member: Member, *, lock: bool = False) -> Member:
    """The member as it is now."""
    if not member.job or member.job_ends_at is None or member.job_ends_at > timezone.now():
        return Member.objects.select_related("user").get(pk=member.pk) if lock else member
    with transaction.atomic():  # SQLite: one writer, so the first one to look does the work
        member = Member.objects.select_related("user").get(pk=member.pk)
        now = timezone.now()
        if member.job and member.job_ends_at and member.job_ends_at <= now:
            _advance(member, now)
            member.save()
    return member


def _advance(member: Member, now: datetime) -> None:
    """What the end of the running step brings."""
    if member.connection_status == "CHALLENGED":
        _end(member, "EXPIRED", "HALTED")
    elif member.challenge:
        _judge(member, now)
    elif member.password in QUESTIONS and _is_new_login(member):
        _ask(member, member.password, now)
    elif member.password in FAILURES:
        _end(member, *FAILURES[member.password])
    else:
        _succeed(member, now)


def _is_new_login(member: Member) -> bool:
    """The institution knows a login that got through before."""
    return member.successfully_aggregated_at is None or member.connection_status == "UPDATED"


def _ask(member: Member, question: str, now: datetime) -> None:
    member.connection_status, member.status = "CHALLENGED", "CHALLENGED"
    member.challenge, member.answer = question, ""
    member.job_ends_at = now + timedelta(seconds=ANSWER_SECONDS)


def _judge(member: Member, now: datetime) -> None:
    """An answer was given: right, wrong, or a word that makes something else happen."""
    answer = member.answer
    if answer in QUESTIONS:
        _ask(member, answer, now)
    elif answer in FAILURES:
        _end(member, *FAILURES[answer])
    elif answer == CORRECT:
        _succeed(member, now)
    else:
        _end(member, "REJECTED", "REJECTED")


def _end(member: Member, connection_status: str, status: str) -> None:
    member.connection_status, member.status = connection_status, status
    member.job, member.challenge, member.job_ends_at = "", "", None


def _succeed(member: Member, now: datetime) -> None:
    if not Account.objects.filter(member=member).exists():
        data.create(member, now)
    for job in JOBS.values():
        if job.name == member.job and job.leaves:
            setattr(member, job.leaves, True)
    member.successfully_aggregated_at = now
    _end(member, "CONNECTED", "COMPLETED")


def answer(member: Member, values: dict[str, str]) -> Member:
    """The end user's answer to the waiting question. Raises JobRefused where none waits."""
    with transaction.atomic():
        member = current(member, lock=True)
        if member.connection_status != "CHALLENGED":
            raise JobRefused(409, "This member has not been challenged.")
        given = values.get(question_guid(member))
        if given is None:
            raise JobRefused(400, "The answer does not belong to a waiting challenge.")
        member.answer = given
        member.connection_status, member.status = "RESUMED", "RECEIVED"
        member.job_ends_at = timezone.now() + timedelta(seconds=settings.JOB_SECONDS)
        member.save()
    return member


def question_guid(member: Member) -> str:
    return guid("CRD", member.guid, member.challenge)


def challenges(member: Member) -> list[dict[str, Any]]:
    """The questions that wait for the end user."""
    if member.connection_status != "CHALLENGED":
        return []
    label = "What city were you born in?"
    question: dict[str, Any] = {"guid": question_guid(member), "type": QUESTIONS[member.challenge]}
    if question["type"] == "OPTIONS":
        label = "Where should we send your one time passcode?"
        question["options"] = [
            {"label": "The correct address", "value": CORRECT},
            {"label": "Another address", "value": "wrong"},
        ]
    return [{"field_name": label, "label": label, **question}]


def account_numbers(member: Member) -> list[dict[str, Any]]:
    """What a verification found: checking and savings only, or just the one that was selected."""
    if not member.has_numbers:
        return []
    rows = Account.objects.filter(member=member, type__in=("CHECKING", "SAVINGS")).order_by("id")
    if member.selected_account:
        rows = rows.filter(guid=member.selected_account)
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
        for row in rows
    ]


def account_owners(member: Member) -> list[dict[str, Any]]:
    """What an identification found."""
    if not member.has_owners:
        return []
    return [
        {
            "guid": guid("ACO", row.guid),
            "user_guid": member.user.guid,
            "member_guid": member.guid,
            "account_guid": row.guid,
            "owner_name": "Test Account Holder",
            "address": "123 Test Street",
            "city": "Testville",
            "state": "UT",
            "postal_code": "84000",
            "country": "US",
            "email": "holder@bank.example",
            "phone": "555-0100",
        }
        for row in Account.objects.filter(member=member).order_by("id")
    ]


def account_name(account: Account) -> str:
    return str(json.loads(account.payload)["name"])
