"""Jobs of a member: status, challenges, account numbers and owners."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.api.http import body, flag, json_response
from sandbox.api.members import find_member, start_job
from sandbox.api.members import resume as resume_member
from sandbox.atrium_api.endpoint import endpoint, list_page
from sandbox.atrium_api.members import render
from sandbox.world import jobs, questions
from sandbox.world.jobs import JOBS

STATUS_FIELDS = (
    "aggregated_at", "connection_status", "guid", "is_being_aggregated", "status",
    "successfully_aggregated_at",
)  # fmt: skip
PROGRESS_FIELDS = ("has_processed_accounts", "has_processed_transactions", "is_authenticated")


def _status(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row = find_member(user, member)
    rendered = render(row)
    fields = {name: rendered[name] for name in STATUS_FIELDS}
    fields |= {name: getattr(row, name) for name in PROGRESS_FIELDS}
    if row.connection_status == "CHALLENGED":
        fields["challenges"] = questions.render(row)
    return json_response({"member": fields})


def _challenges(request: HttpRequest, user: str, member: str) -> HttpResponse:
    challenges_waiting = questions.render(find_member(user, member))
    return (
        json_response({"challenges": challenges_waiting})
        if challenges_waiting
        else HttpResponse(status=204)
    )


def _resume(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row = resume_member(find_member(user, member), body(request, "member"))
    return json_response({"member": render(row)}, status=202)


def _job(path: str) -> Any:
    def handler(request: HttpRequest, user: str, member: str) -> HttpResponse:
        row, transactions = find_member(user, member), None
        if JOBS[path].can_include_transactions:
            transactions = flag(request.GET.dict() | body(request), "include_transactions")
        return json_response(
            {"member": render(start_job(row, path, transactions=transactions))}, status=202
        )

    return endpoint(POST=handler)


def _account_numbers(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return list_page(request, "account_numbers", jobs.account_numbers(find_member(user, member)))


def _account_owners(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return list_page(request, "account_owners", jobs.account_owners(find_member(user, member)))


status = endpoint(GET=_status)
challenges = endpoint(GET=_challenges)
resume = endpoint(PUT=_resume)
account_numbers = endpoint(GET=_account_numbers)
account_owners = endpoint(GET=_account_owners)
JOB_VIEWS = {path: _job(path) for path in JOBS}
