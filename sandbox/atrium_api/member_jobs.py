"""What runs on a member: status, questions, jobs, and the numbers and owners that they find."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api.endpoint import answer, body, endpoint, flag, list_page
from sandbox.atrium_api.errors import ApiError
from sandbox.atrium_api.members import found, rendered
from sandbox.world import jobs, questions
from sandbox.world.jobs import JOBS, JobRefused
from sandbox.world.models import Member

STATUS_FIELDS = (
    "aggregated_at", "connection_status", "guid", "is_being_aggregated", "status",
    "successfully_aggregated_at",
)  # fmt: skip
PROGRESS_FIELDS = ("has_processed_accounts", "has_processed_transactions", "is_authenticated")


def _status(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row = found(user, member)
    whole = rendered(row)
    fields = {name: whole[name] for name in STATUS_FIELDS}
    fields |= {name: getattr(row, name) for name in PROGRESS_FIELDS}
    if row.connection_status == "CHALLENGED":
        fields["challenges"] = questions.rendered(row)
    return answer({"member": fields})


def _challenges(request: HttpRequest, user: str, member: str) -> HttpResponse:
    waiting = questions.rendered(found(user, member))
    return answer({"challenges": waiting}) if waiting else HttpResponse(status=204)


def _resume(request: HttpRequest, user: str, member: str) -> HttpResponse:
    given = body(request, "member").get("challenges")
    if not isinstance(given, list):
        raise ApiError(400, "A required parameter was missing: challenges.")
    values = {str(one.get("guid")): str(one.get("value")) for one in given if isinstance(one, dict)}
    return answer({"member": rendered(answered(found(user, member), values))}, status=202)


def answered(row: Member, values: dict[str, str]) -> Member:
    """The member with its questions answered. Raises ApiError."""
    try:
        return jobs.answer(row, values)
    except JobRefused as refused:
        raise ApiError(refused.status, refused.message) from None


def started(row: Member, path: str, *, transactions: bool | None = None) -> Member:
    """The member after asking for a job. Raises ApiError."""
    try:
        return jobs.start(row, path, transactions=transactions)
    except JobRefused as refused:
        raise ApiError(refused.status, refused.message) from None


def _job(path: str) -> Any:
    def handler(request: HttpRequest, user: str, member: str) -> HttpResponse:
        row, transactions = found(user, member), None
        if JOBS[path].can_include_transactions:
            transactions = flag(request.GET.dict() | body(request), "include_transactions")
        return answer(
            {"member": rendered(started(row, path, transactions=transactions))}, status=202
        )

    return endpoint(POST=handler)


def _account_numbers(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return list_page(request, "account_numbers", jobs.account_numbers(found(user, member)))


def _account_owners(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return list_page(request, "account_owners", jobs.account_owners(found(user, member)))


status = endpoint(GET=_status)
challenges = endpoint(GET=_challenges)
resume = endpoint(PUT=_resume)
account_numbers = endpoint(GET=_account_numbers)
account_owners = endpoint(GET=_account_owners)
JOB_VIEWS = {path: _job(path) for path in JOBS}
