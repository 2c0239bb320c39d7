"""Jobs of a member: status, challenges, account numbers and owners."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.api import members as shared
from sandbox.api.accounts import account_numbers as numbers_of
from sandbox.api.accounts import get_account
from sandbox.api.http import body, optional_flag
from sandbox.api.users import get_enabled_user
from sandbox.platform_api import fields
from sandbox.platform_api.endpoint import answer, endpoint, page_of, params_of, remember_callback
from sandbox.platform_api.fields import fill
from sandbox.platform_api.members import find_member, render
from sandbox.world import jobs, questions
from sandbox.world.ids import guid
from sandbox.world.models import Member

# Part of the path → job, and the status of the answer.
JOBS = {
    "aggregate": ("aggregate", 202),
    "check_balance": ("balance", 202),
    "verify": ("verify", 200),
    "identify": ("identify", 202),
    "extend_history": ("extend_history", 202),
    "fetch_statements": ("fetch_statements", 202),
}
STATUS_FIELDS = (
    "aggregated_at", "connection_status", "guid", "is_being_aggregated",
    "successfully_aggregated_at",
)  # fmt: skip
PROGRESS_FIELDS = ("has_processed_accounts", "has_processed_transactions", "is_authenticated")
CHOICES = ("options", "image_options")


def _status(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row = find_member(request, user, member)
    rendered = render(request, row)
    shown = {name: rendered[name] for name in (*STATUS_FIELDS, "error") if name in rendered}
    shown |= {name: getattr(row, name) for name in PROGRESS_FIELDS}
    shown["has_processed_account_numbers"] = bool(row.verified) and row.job != "VERIFICATION"
    return answer({"member": shown | {"challenges": _questions(row)}})


def _questions(row: Member) -> list[dict[str, Any]]:
    """The waiting challenges; their options have guids, which may be the answer, too."""
    waiting = questions.render(row)
    for question in waiting:
        for key in CHOICES:
            for option in question.get(key, ()):
                option["guid"] = guid("OPT", question["guid"], option["value"])
    return waiting


def _challenges(request: HttpRequest, user: str, member: str) -> HttpResponse:
    waiting = _questions(find_member(request, user, member))
    return page_of(request, "challenges", waiting) if waiting else HttpResponse(status=204)


def _resume(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row, params = find_member(request, user, member), params_of(request, "member")
    values = {
        option["guid"]: option["value"]
        for question in _questions(row)
        for key in CHOICES
        for option in question.get(key, ())
    }
    answers = params.get("challenges")
    if isinstance(answers, list):
        params["challenges"] = [
            pair | {"value": values.get(str(pair.get("value")), pair.get("value"))}
            for pair in answers
            if isinstance(pair, dict)
        ]
    return answer({"member": render(request, shared.resume(row, params))}, 202)


def _job(path: str) -> Any:
    job, status = JOBS[path]

    def handler(request: HttpRequest, user: str, member: str) -> HttpResponse:
        row, transactions = find_member(request, user, member), None
        if path == "aggregate":
            params = request.GET.dict() | body(request)
            transactions = optional_flag(params, "include_transactions")
        remember_callback(request, row)
        row = shared.start_job(row, job, transactions=transactions)
        return answer({"member": render(request, row)}, status)

    return endpoint(POST=handler)


def _account_numbers(
    request: HttpRequest, user: str, member: str = "", account: str = ""
) -> HttpResponse:
    owner = get_enabled_user(user)
    rows = (
        numbers_of(get_account(owner, account))
        if account
        else jobs.account_numbers(shared.get_member(owner, member))
    )
    numbers = [
        fill(fields.NUMBER, row | {"guid": guid("ACN", row["account_guid"])}) for row in rows
    ]
    return page_of(request, "account_numbers", numbers)


def _account_owners(request: HttpRequest, user: str, member: str) -> HttpResponse:
    rows = jobs.account_owners(find_member(request, user, member))
    return page_of(request, "account_owners", [fill(fields.OWNER, row) for row in rows])


status = endpoint(GET=_status)
challenges = endpoint(GET=_challenges)
resume = endpoint(PUT=_resume)
account_numbers = endpoint(GET=_account_numbers)
account_owners = endpoint(GET=_account_owners)
JOB_VIEWS = {path: _job(path) for path in JOBS}
