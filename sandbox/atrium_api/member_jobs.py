"""Jobs of a member: status, challenges, account numbers and owners."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api.endpoint import body, endpoint, flag, json_response, list_page
from sandbox.atrium_api.errors import ApiError
from sandbox.atrium_api.members import get_member, render
from sandbox.world import jobs, questions
from sandbox.world.jobs import JOBS, JobRefused
from sandbox.world.models import Member

STATUS_FIELDS = (
    "aggregated_at", "connection_status", "guid", "is_being_aggregated", "status",
    "successfully_aggregated_at",
)  # fmt: skip
PROGRESS_FIELDS = ("has_processed_accounts", "has_processed_transactions", "is_authenticated")


def _status(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row = get_member(user, member)
    rendered = render(row)
    fields = {name: rendered[name] for name in STATUS_FIELDS}
    fields |= {name: getattr(row, name) for name in PROGRESS_FIELDS}
    if row.connection_status == "CHALLENGED":
        fields["challenges"] = questions.render(row)
    return json_response({"member": fields})


def _challenges(request: HttpRequest, user: str, member: str) -> HttpResponse:
    challenges_waiting = questions.render(get_member(user, member))
    return (
        json_response({"challenges": challenges_waiting})
        if challenges_waiting
        else HttpResponse(status=204)
    )


def _resume(request: HttpRequest, user: str, member: str) -> HttpResponse:
    params = body(request, "member").get("challenges")
    if not isinstance(params, list):
        raise ApiError(400, "A required parameter was missing: challenges.")
    values = {
        str(item.get("guid")): str(item.get("value")) for item in params if isinstance(item, dict)
    }
    return json_response(
        {"member": render(answer_questions(get_member(user, member), values))}, status=202
    )


def answer_questions(row: Member, values: dict[str, str]) -> Member:
    """Answer the waiting challenges; returns the member. Raises ApiError."""
    try:
        return jobs.answer(row, values)
    except JobRefused as refused:
        raise ApiError(refused.status, refused.message) from None


def start_job(row: Member, path: str, *, transactions: bool | None = None) -> Member:
    """Start a job; returns the member. Raises ApiError."""
    try:
        return jobs.start(row, path, transactions=transactions)
    except JobRefused as refused:
        raise ApiError(refused.status, refused.message) from None


def _job(path: str) -> Any:
    def handler(request: HttpRequest, user: str, member: str) -> HttpResponse:
        row, transactions = get_member(user, member), None
        if JOBS[path].can_include_transactions:
            transactions = flag(request.GET.dict() | body(request), "include_transactions")
        return json_response(
            {"member": render(start_job(row, path, transactions=transactions))}, status=202
        )

    return endpoint(POST=handler)


def _account_numbers(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return list_page(request, "account_numbers", jobs.account_numbers(get_member(user, member)))


def _account_owners(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return list_page(request, "account_owners", jobs.account_owners(get_member(user, member)))


status = endpoint(GET=_status)
challenges = endpoint(GET=_challenges)
resume = endpoint(PUT=_resume)
account_numbers = endpoint(GET=_account_numbers)
account_owners = endpoint(GET=_account_owners)
JOB_VIEWS = {path: _job(path) for path in JOBS}
