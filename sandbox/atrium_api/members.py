"""/users/{guid}/members: connections, their jobs and questions."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api import users
from sandbox.atrium_api.endpoint import answer, body, endpoint, list_page
from sandbox.atrium_api.errors import ApiError
from sandbox.world import data, lifecycle
from sandbox.world.institutions import INSTITUTIONS, credentials
from sandbox.world.lifecycle import JOBS, Job, JobRefused
from sandbox.world.models import Member, User

MOST_MEMBERS = 25


def rendered(member: Member) -> dict[str, Any]:
    def stamp(moment: Any) -> str | None:
        return data.stamp(moment) if moment else None

    return {
        "aggregated_at": stamp(member.aggregated_at),
        "background_aggregation_is_disabled": member.background_aggregation_is_disabled,
        "connection_status": member.connection_status,
        "guid": member.guid,
        "identifier": member.identifier,
        "institution_code": member.institution_code,
        "is_being_aggregated": bool(member.job),
        "is_oauth": False,
        "metadata": member.metadata,
        "name": member.name,
        "status": member.status,
        "successfully_aggregated_at": stamp(member.successfully_aggregated_at),
        "user_guid": member.user.guid,
    }


def found(user_guid: str, member_guid: str) -> Member:
    """The member, brought up to date."""
    rows = Member.objects.select_related("user")
    member = rows.filter(guid=member_guid, user__guid=user_guid).first()
    if member is None:
        raise ApiError(404, "The requested member was not found.")
    return lifecycle.current(member)


def create(user: User, given: dict[str, Any]) -> Member:
    """A new member, its first aggregation begun. Raises ApiError."""
    institution = INSTITUTIONS.get(str(given.get("institution_code")))
    if institution is None:
        raise ApiError(400, "Unrecognized institution.")
    login, password = logins(institution.code, given.get("credentials"))
    member = Member(
        guid=f"MBR-{uuid.uuid4()}",
        user=user,
        institution_code=institution.code,
        identifier=given.get("identifier"),
        metadata=given.get("metadata"),
        name=institution.name,
        login=login,
        password=password,
    )
    with transaction.atomic():
        existing = Member.objects.filter(
            user=user, institution_code=institution.code, login=login
        ).first()
        if existing is not None:
            raise ApiError(409, f"Member already exists with guid: {existing.guid}")
        if Member.objects.filter(user=user).count() >= MOST_MEMBERS:
            raise ApiError(403, f"A user may have no more than {MOST_MEMBERS} members.")
        try:
            if given.get("skip_aggregation") is True:
                member.save()
            else:
                lifecycle.begin(member)
        except IntegrityError:
            raise ApiError(409, "A member already exists with this identifier.") from None
    return member


def logins(code: str, given: Any) -> tuple[str, str]:
    """User name and password out of MX's credentials array."""
    if not isinstance(given, list) or not given:
        raise ApiError(400, "A required parameter was missing: credentials.")
    values = {str(one.get("guid")): str(one.get("value")) for one in given if isinstance(one, dict)}
    login, password = (values.get(str(field["guid"])) for field in credentials(code))
    if login is None or password is None:
        raise ApiError(400, "The credentials are not those of this institution.")
    return login[:255], password[:255]


def _create(request: HttpRequest, user: str) -> HttpResponse:
    member = create(users.found(user), body(request, "member"))
    return answer({"member": rendered(member)})


def _list(request: HttpRequest, user: str) -> HttpResponse:
    rows = Member.objects.filter(user=users.found(user)).select_related("user").order_by("id")
    return list_page(request, "members", [rendered(lifecycle.current(row)) for row in rows])


def _read(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return answer({"member": rendered(found(user, member))})


def update(row: Member, given: dict[str, Any]) -> Member:
    """New credentials (which are tried at once), identifier or metadata."""
    with transaction.atomic():
        row = lifecycle.current(row, lock=True)
        for name in ("identifier", "metadata"):
            if name in given:
                setattr(row, name, given[name])
        if "background_aggregation_is_disabled" in given:
            row.background_aggregation_is_disabled = (
                given["background_aggregation_is_disabled"] is True
            )
        if "credentials" in given:
            row.login, row.password = logins(row.institution_code, given["credentials"])
            row.connection_status = "UPDATED"
            lifecycle.begin(row)
        else:
            row.save()
    return row


def _update(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return answer({"member": rendered(update(found(user, member), body(request, "member")))})


def _delete(request: HttpRequest, user: str, member: str) -> HttpResponse:
    found(user, member).delete()
    return HttpResponse(status=204)


def _status(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row = found(user, member)
    whole = rendered(row)
    names = (
        "aggregated_at", "connection_status", "guid", "is_being_aggregated", "status",
        "successfully_aggregated_at",
    )  # fmt: skip
    fields = {name: whole[name] for name in names}
    fields |= {
        "challenges": lifecycle.challenges(row),
        "has_processed_accounts": row.successfully_aggregated_at is not None,
        "has_processed_transactions": row.successfully_aggregated_at is not None,
    }
    return answer({"member": fields})


def _credentials(request: HttpRequest, user: str, member: str) -> HttpResponse:
    rows = credentials(found(user, member).institution_code)
    return answer({"credentials": rows})


def _challenges(request: HttpRequest, user: str, member: str) -> HttpResponse:
    waiting = lifecycle.challenges(found(user, member))
    return answer({"challenges": waiting}) if waiting else HttpResponse(status=204)


def _resume(request: HttpRequest, user: str, member: str) -> HttpResponse:
    given = body(request, "member").get("challenges")
    if not isinstance(given, list):
        raise ApiError(400, "A required parameter was missing: challenges.")
    values = {str(one.get("guid")): str(one.get("value")) for one in given if isinstance(one, dict)}
    try:
        row = lifecycle.answer(found(user, member), values)
    except JobRefused as refused:
        raise ApiError(refused.status, refused.message) from None
    return answer({"member": rendered(row)}, status=202)


def started(row: Member, job: Job) -> tuple[Member, int]:
    """The member after asking for a job, and MX's status for the answer."""
    try:
        return lifecycle.start(row, job), 202
    except JobRefused as refused:
        if refused.status == 202:
            return row, 202
        raise ApiError(refused.status, refused.message) from None


def _job(name: str) -> Any:
    def handler(request: HttpRequest, user: str, member: str) -> HttpResponse:
        row, status = started(found(user, member), JOBS[name])
        return answer({"member": rendered(row)}, status=status)

    return endpoint(POST=handler)


def _account_numbers(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return list_page(request, "account_numbers", lifecycle.account_numbers(found(user, member)))


def _account_owners(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return list_page(request, "account_owners", lifecycle.account_owners(found(user, member)))


members = endpoint(GET=_list, POST=_create)
member = endpoint(GET=_read, PUT=_update, DELETE=_delete)
status = endpoint(GET=_status)
member_credentials = endpoint(GET=_credentials)
challenges = endpoint(GET=_challenges)
resume = endpoint(PUT=_resume)
account_numbers = endpoint(GET=_account_numbers)
account_owners = endpoint(GET=_account_owners)
JOB_VIEWS = {name: _job(name) for name in JOBS}
