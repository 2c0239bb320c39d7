"""A member's life, one step at a time: logging in, questions, importing, what goes wrong.

Nothing here waits: each step says when the next is due (`due_at`), and the scheduler runs it then.
Every function runs inside a transaction of its caller, who saves nothing more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.world import data, questions, statements, statuses, webhook_events
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
MOST_FAILURES = 3
LOST_AFTER = timedelta(days=14)
# Test passwords (and answers) that fail, and how. Most statuses are also words for themselves.
FAILURES = {
    "BAD_REQUEST": "FAILED",
    "UNAUTHORIZED": "DENIED",
    "INVALID": "DENIED",
    "SERVER_ERROR": "FAILED",
    "UNAVAILABLE": "FAILED",
} | {
    word: word
    for word in statuses.STATUSES
    if word not in ("CONNECTED", "CHALLENGED", "PENDING", "DELAYED")
}


def begin(
    member: Member, job: str, at: datetime, *, transactions: bool = True, background: bool = False
) -> None:
    """Start a job; whether it may start is decided elsewhere."""
    member.job, member.status = job, "INITIATED"
    member.includes_transactions, member.is_background = transactions, background
    member.questions = member.answers = []
    member.is_authenticated = False
    member.has_processed_accounts = member.has_processed_transactions = False
    member.aggregated_at = at
    if job == "AGGREGATION":
        member.throttled_from = at
    _go(member, "request", at)


def step(member: Member, at: datetime) -> None:
    """What is due at this moment."""
    if member.connection_status == "PENDING":
        member.delete()
    elif not member.job:
        _begin_in_background(member, at)
    elif member.connection_status == "CHALLENGED":
        _end(member, "EXPIRED", at)
    else:
        ENDS[member.step](member, at)


def plan(member: Member, at: datetime) -> None:
    """When MX will look at an idle member by itself."""
    wants = member.connection_status in statuses.IN_BACKGROUND
    wants = wants and not member.background_aggregation_is_disabled
    member.due_at = (member.aggregated_at or at) + BACKGROUND_EVERY if wants else None
    if member.due_at is not None and member.due_at <= at:
        member.due_at = at + BACKGROUND_EVERY
    member.save()


def _begin_in_background(member: Member, at: datetime) -> None:
    wants = member.connection_status in statuses.IN_BACKGROUND and RULES.background_aggregation
    if not wants or member.user.is_disabled:
        plan(member, at)
        return
    begin(member, "AGGREGATION", at, background=True)


def _go(member: Member, step: str, at: datetime) -> None:
    member.step = step
    member.due_at = at + timedelta(seconds=RULES.job_seconds * SHARES[step])
    member.save()


def _requested(member: Member, at: datetime) -> None:
    member.status = "REQUESTED"
    _go(member, "login", at)


def _logged_in(member: Member, at: datetime) -> None:
    """The institution says what it thinks of the login."""
    word, is_new = member.password, _is_new_login(member)
    if word in FAILURES:
        _fail(member, FAILURES[word], at)
    elif word in questions.ASKING and is_new:
        _ask(member, questions.ASKING[word], at)
    elif word == "DELAYED" and is_new:
        _change_status(member, "DELAYED", at)
        member.step, member.due_at = "delay", at + timedelta(seconds=RULES.job_seconds * DELAY)
        member.save()
    else:
        _get_in(member, at)


def _is_new_login(member: Member) -> bool:
    """The institution knows a login that got through before."""
    if member.is_background:
        return False
    never = member.successfully_aggregated_at is None
    return never or member.connection_status in ("UPDATED", "RECONNECTED")


def _ask(member: Member, kinds: list[str], at: datetime) -> None:
    member.questions, member.answers = kinds, []
    member.status = "CHALLENGED"
    member.due_at = at + ANSWER_LIFE
    _change_status(member, "CHALLENGED", at)
    member.save()


def resume(member: Member, answers: list[str], at: datetime) -> None:
    """The end user's answers have arrived."""
    member.answers = answers
    member.connection_status, member.status = "RESUMED", "RECEIVED"
    _go(member, "answer", at)


def _answered(member: Member, at: datetime) -> None:
    """Right, wrong, or a word that makes something else happen."""
    answers = member.answers
    failure = next((FAILURES[word] for word in answers if word in FAILURES), None)
    asked = next((word for word in answers if word in questions.ASKING), None)
    if failure is not None:
        _fail(member, failure, at)
    elif member.questions == [questions.SELECTION]:
        _selected(member, answers[0], at)
    elif asked is not None:
        _ask(member, questions.ASKING[asked], at)
    elif all(word == questions.CORRECT for word in answers):
        _get_in(member, at)
    else:
        _end(member, "REJECTED", at)


def _get_in(member: Member, at: datetime) -> None:
    """Authenticated; the data comes now."""
    member.is_authenticated, member.status = True, "RECEIVED"
    member.questions = member.answers = []
    _change_status(member, "CONNECTED", at)
    _go(member, "transfer", at)


def _transferred(member: Member, at: datetime) -> None:
    member.status = "TRANSFERRED"
    _go(member, "accounts", at)


def _accounts_processed(member: Member, at: datetime) -> None:
    data.write_accounts(member, at)
    member.has_processed_accounts, member.status = True, "PROCESSED"
    if member.job == "VERIFICATION":
        accounts = [row.guid for row in questions.verifiable(member)]
        if RULES.verification_flow == "default" and accounts:
            _ask(member, [questions.SELECTION], at)
            return
        member.verified = accounts
    _go(member, "rest", at)


def _selected(member: Member, account: str, at: datetime) -> None:
    if account not in {row.guid for row in questions.verifiable(member)}:
        _end(member, "REJECTED", at)
        return
    member.verified = [*(one for one in member.verified if one != account), account]
    member.questions = member.answers = []
    member.status = "PROCESSED"
    _change_status(member, "CONNECTED", at)
    _go(member, "rest", at)


def _finished(member: Member, at: datetime) -> None:
    """All data is there: the job is done, and that is news."""
    counts, written = data.Counts(), 0
    days = data.HISTORY_DAYS if member.job == "HISTORY" else data.FIRST_IMPORT_DAYS
    if member.job == "HISTORY" or (member.job != "BALANCE" and member.includes_transactions):
        counts = data.write_transactions(member, at, days=days)
        member.has_processed_transactions = True
    if member.job == "IDENTIFICATION":
        member.has_owners = True
    if member.job == "STATEMENT":
        written = statements.write(member, at)
    member.successfully_aggregated_at, member.failures = at, 0
    webhook_events.job_done(member, at, counts, written)
    _end(member, "CONNECTED", at)


def _fail(member: Member, status: str, at: datetime) -> None:
    """An attempt failed; the third one in a row weighs more."""
    if status in ("DENIED", "FAILED"):
        member.failures += 1
    if status == "DENIED" and member.failures >= MOST_FAILURES:
        status = "PREVENTED"
    elif status == "FAILED" and member.failures >= MOST_FAILURES:
        since = member.successfully_aggregated_at or member.created_at
        status = "DISCONNECTED" if at - since >= LOST_AFTER else "DEGRADED"
    _end(member, status, at)


def _end(member: Member, status: str, at: datetime) -> None:
    _change_status(member, status, at)
    member.status = statuses.older(status)
    member.job = member.step = ""
    member.questions = member.answers = []
    plan(member, at)


def _change_status(member: Member, status: str, at: datetime) -> None:
    changed, member.connection_status = member.connection_status != status, status
    if changed and status in statuses.ACTIONABLE:
        webhook_events.status_changed(member, at)


def put(member: Member, status: str, at: datetime) -> None:
    """Bring a member into a status by order of the people who run the sandbox."""
    if status == "CHALLENGED":
        member.job = member.job or "AGGREGATION"
        member.step = ""
        _ask(member, ["challenge"], at)
    elif status == "PENDING":
        member.job, member.status, member.connection_status = "", None, status
        member.due_at = at + PENDING_LIFE
        member.save()
    else:
        _end(member, status, at)


ENDS = {
    "request": _requested,
    "login": _logged_in,
    "delay": _get_in,
    "answer": _answered,
    "transfer": _transferred,
    "accounts": _accounts_processed,
    "rest": _finished,
}
