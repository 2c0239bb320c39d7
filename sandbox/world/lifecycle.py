"""The state machine of a member: log-in, challenges, import, failures.

Nothing here waits: each step says when the next is due (`due_at`), and the scheduler runs it then.
Every function runs inside a transaction of its caller, who saves nothing more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.world import (
    data,
    questions,
    statements,
    statuses,
    webhook_events,
    webhook_objects,
)
from sandbox.world.models import Member
from sandbox.world.rules import RULES

# Shares of a job's time. `answer` is another look at the login after a question.
SHARES = {
    "request": 0.15, "login": 0.25, "answer": 0.25, "transfer": 0.15, "accounts": 0.2, "rest": 0.25,
}  # fmt: skip
DELAY = 20  # times a job's time
ANSWER_LIFE = timedelta(seconds=600)  # then the institution gives up waiting
BACKGROUND_EVERY = timedelta(hours=24)
PENDING_LIFE = timedelta(hours=1)
MAX_FAILURES = 3
DISCONNECTED_AFTER = timedelta(days=14)
# Test passwords (and answers) that fail, and how. Most statuses are also words for themselves.
FAILURES = {
    "BAD_REQUEST": "FAILED",
    "UNAUTHORIZED": "DENIED",
    "INVALID": "DENIED",
    "SERVER_ERROR": "FAILED",
    "UNAVAILABLE": "FAILED",
} | {
    status: status
    for status in statuses.STATUSES
    if status not in ("CONNECTED", "CHALLENGED", "PENDING", "DELAYED")
}


def start(
    member: Member, job: str, at: datetime, *, transactions: bool = True, background: bool = False
) -> None:
    """Start a job; `jobs` decides whether it may start."""
    member.job, member.status = job, "INITIATED"
    member.includes_transactions, member.is_background = transactions, background
    member.questions = member.answers = []
    member.is_authenticated = False
    member.has_processed_accounts = member.has_processed_transactions = False
    member.aggregated_at = at
    if job == "AGGREGATION":
        member.throttled_from = at
    _schedule(member, "request", at)


def step(member: Member, at: datetime) -> None:
    """Run the step that is due."""
    if member.connection_status == "PENDING":
        member.delete()
    elif not member.job:
        _begin_in_background(member, at)
    elif member.connection_status == "CHALLENGED":
        _end(member, "EXPIRED", at)
    else:
        STEP_HANDLERS[member.step](member, at)


def schedule_background(member: Member, at: datetime) -> None:
    """Schedule the next background aggregation of an idle member."""
    is_automatic = member.connection_status in statuses.IN_BACKGROUND
    is_automatic = is_automatic and not member.background_aggregation_is_disabled
    member.due_at = (member.aggregated_at or at) + BACKGROUND_EVERY if is_automatic else None
    if member.due_at is not None and member.due_at <= at:
        member.due_at = at + BACKGROUND_EVERY
    member.save()


def _begin_in_background(member: Member, at: datetime) -> None:
    is_automatic = (
        member.connection_status in statuses.IN_BACKGROUND and RULES.background_aggregation
    )
    if not is_automatic or member.user.is_disabled:
        schedule_background(member, at)
        return
    start(member, "AGGREGATION", at, background=True)


def _schedule(member: Member, step: str, at: datetime) -> None:
    member.step = step
    member.due_at = at + timedelta(seconds=RULES.job_seconds * SHARES[step])
    member.save()


def _requested(member: Member, at: datetime) -> None:
    member.status = "REQUESTED"
    _schedule(member, "login", at)


def _logged_in(member: Member, at: datetime) -> None:
    """The institution accepts the login, refuses it, or asks a challenge."""
    value, is_new = member.password, _is_new_login(member)
    if value in FAILURES:
        _fail(member, FAILURES[value], at)
    elif value in questions.BY_PASSWORD and is_new:
        _challenge(member, questions.BY_PASSWORD[value], at)
    elif value == "DELAYED" and is_new:
        _change_status(member, "DELAYED", at)
        member.step, member.due_at = "delay", at + timedelta(seconds=RULES.job_seconds * DELAY)
        member.save()
    else:
        _authenticated(member, at)


def _is_new_login(member: Member) -> bool:
    """Whether the institution has never accepted this login: it asks challenges then."""
    if member.is_background:
        return False
    never = member.successfully_aggregated_at is None
    return never or member.connection_status in ("UPDATED", "RECONNECTED")


def _challenge(member: Member, challenges: list[str], at: datetime) -> None:
    member.questions, member.answers = challenges, []
    member.status = "CHALLENGED"
    member.due_at = at + ANSWER_LIFE
    _change_status(member, "CHALLENGED", at)
    member.save()
    webhook_objects.member_changed(member, at)


def resume(member: Member, answers: list[str], at: datetime) -> None:
    """Continue with the end user's answers."""
    member.answers = answers
    member.connection_status, member.status = "RESUMED", "RECEIVED"
    _schedule(member, "answer", at)


def _judge_answers(member: Member, at: datetime) -> None:
    """Answers are right, wrong, or a test value that selects another outcome."""
    answers = member.answers
    failure = next((FAILURES[answer] for answer in answers if answer in FAILURES), None)
    next_question = next((answer for answer in answers if answer in questions.BY_PASSWORD), None)
    if failure is not None:
        _fail(member, failure, at)
    elif member.questions == [questions.SELECTION]:
        _selected(member, answers[0], at)
    elif next_question is not None:
        _challenge(member, questions.BY_PASSWORD[next_question], at)
    elif all(answer == questions.CORRECT for answer in answers):
        _authenticated(member, at)
    else:
        _end(member, "REJECTED", at)


def _authenticated(member: Member, at: datetime) -> None:
    """The login was accepted; the transfer starts."""
    member.is_authenticated, member.status = True, "RECEIVED"
    member.questions = member.answers = []
    _change_status(member, "CONNECTED", at)
    _schedule(member, "transfer", at)


def _transferred(member: Member, at: datetime) -> None:
    member.status = "TRANSFERRED"
    _schedule(member, "accounts", at)


def _accounts_processed(member: Member, at: datetime) -> None:
    data.write_accounts(member, at)
    member.has_processed_accounts, member.status = True, "PROCESSED"
    if member.job == "VERIFICATION":
        accounts = [row.guid for row in questions.verifiable(member)]
        if RULES.verification_flow == "default" and accounts:
            _challenge(member, [questions.SELECTION], at)
            return
        member.verified = accounts
    _schedule(member, "rest", at)


def _selected(member: Member, account: str, at: datetime) -> None:
    if account not in {row.guid for row in questions.verifiable(member)}:
        _end(member, "REJECTED", at)
        return
    member.verified = [*(guid for guid in member.verified if guid != account), account]
    member.questions = member.answers = []
    member.status = "PROCESSED"
    _change_status(member, "CONNECTED", at)
    _schedule(member, "rest", at)


def _finished(member: Member, at: datetime) -> None:
    """The job is done: write its data and send its webhook."""
    counts, statement_count = data.Counts(), 0
    days = data.HISTORY_DAYS if member.job == "HISTORY" else data.FIRST_IMPORT_DAYS
    if member.job == "HISTORY" or (member.job != "BALANCE" and member.includes_transactions):
        counts = data.write_transactions(member, at, days=days)
        member.has_processed_transactions = True
    if member.job == "STATEMENT":
        statement_count = statements.write(member, at)
    if member.successfully_aggregated_at is None:
        webhook_events.initial_data_ready(member, at)
    member.successfully_aggregated_at, member.failures = at, 0
    webhook_events.job_done(member, at, counts, statement_count)
    _end(member, "CONNECTED", at)


def _fail(member: Member, status: str, at: datetime) -> None:
    """End a failed attempt; the third one in a row has its own status."""
    if status in ("DENIED", "FAILED"):
        member.failures += 1
    if status == "DENIED" and member.failures >= MAX_FAILURES:
        status = "PREVENTED"
    elif status == "FAILED" and member.failures >= MAX_FAILURES:
        since = member.successfully_aggregated_at or member.created_at
        status = "DISCONNECTED" if at - since >= DISCONNECTED_AFTER else "DEGRADED"
    _end(member, status, at)


def _end(member: Member, status: str, at: datetime) -> None:
    _change_status(member, status, at)
    member.status = statuses.legacy_status(status)
    member.job = member.step = ""
    member.questions = member.answers = []
    schedule_background(member, at)
    webhook_objects.member_changed(member, at)


def _change_status(member: Member, status: str, at: datetime) -> None:
    changed, member.connection_status = member.connection_status != status, status
    if changed and status in statuses.ACTIONABLE:
        webhook_events.status_changed(member, at)


def force_status(member: Member, status: str, at: datetime) -> None:
    """Set a status through the control API, with its webhooks."""
    if status == "CHALLENGED":
        member.job = member.job or "AGGREGATION"
        member.step = ""
        _challenge(member, ["challenge"], at)
    elif status == "PENDING":
        member.job, member.status, member.connection_status = "", None, status
        member.due_at = at + PENDING_LIFE
        member.save()
    else:
        _end(member, status, at)


STEP_HANDLERS = {
    "request": _requested,
    "login": _logged_in,
    "delay": _authenticated,
    "answer": _judge_answers,
    "transfer": _transferred,
    "accounts": _accounts_processed,
    "rest": _finished,
}
