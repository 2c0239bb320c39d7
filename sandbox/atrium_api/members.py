"""/users/{guid}/members: connections, with or without OAuth."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api import users
from sandbox.atrium_api.endpoint import answer, body, endpoint, flag, list_page, text
from sandbox.atrium_api.errors import ApiError
from sandbox.world import clock, ids, jobs, lifecycle, oauth
from sandbox.world.institutions import INSTITUTIONS, Institution, credentials
from sandbox.world.json_format import stamp
from sandbox.world.models import Member, User
from sandbox.world.rules import RULES


def rendered(member: Member) -> dict[str, Any]:
    def moment(name: str) -> str | None:
        value = getattr(member, name)
        return stamp(value) if value else None

    return {
        "aggregated_at": moment("aggregated_at"),
        "background_aggregation_is_disabled": member.background_aggregation_is_disabled,
        "connection_status": member.connection_status,
        "guid": member.guid,
        "identifier": member.identifier,
        "institution_code": member.institution_code,
        "is_being_aggregated": bool(member.job) or member.connection_status == "PENDING",
        "is_oauth": member.is_oauth,
        "metadata": member.metadata,
        "name": member.name,
        "status": member.status,
        "successfully_aggregated_at": moment("successfully_aggregated_at"),
        "user_guid": member.user.guid,
    }


def found(user_guid: str, member_guid: str) -> Member:
    users.readable(user_guid)
    rows = Member.objects.select_related("user")
    member = rows.filter(guid=member_guid, user__guid=user_guid).first()
    if member is None:
        raise ApiError(404, "The requested member was not found.")
    return member


def create(
    user: User, given: dict[str, Any], *, transactions: bool = True, job: str = "AGGREGATION"
) -> Member:
    """A new member, its first job begun (not so with OAuth: the end user's login comes first).

    Raises:
        ApiError: the institution, the credentials or a limit.
    """
    institution = INSTITUTIONS.get(str(given.get("institution_code")))
    if institution is None:
        raise ApiError(400, "Unrecognized institution.")
    skips = flag(given, "skip_aggregation")
    with transaction.atomic():
        member = _new(user, institution, given)
        if Member.objects.filter(user=user).count() >= RULES.member_limit:
            raise ApiError(403, f"A user may have no more than {RULES.member_limit} members.")
        try:
            if member.is_oauth or skips:
                member.save()
            else:
                jobs.begin_first(member, transactions=transactions, job=job)
        except IntegrityError:
            raise ApiError(409, "A member already exists with this identifier.") from None
        if skips and not member.is_oauth:
            lifecycle.plan(member, clock.now())
    return member


def _new(user: User, institution: Institution, given: dict[str, Any]) -> Member:
    """Not saved yet. Raises ApiError."""
    member = Member(
        guid=ids.new("MBR"),
        user=user,
        institution_code=institution.code,
        identifier=users.identifier(given),
        metadata=text(given, "metadata", users.LONGEST_METADATA),
        name=text(given, "name", 255) or institution.name,
        background_aggregation_is_disabled=flag(given, "background_aggregation_is_disabled"),
        created_at=clock.now(),
    )
    if flag(given, "is_oauth"):
        if not institution.supports_oauth:
            raise ApiError(400, "Member cannot use OAuth.")
        member.is_oauth, member.connection_status = True, "PENDING"
        member.due_at = clock.now() + lifecycle.PENDING_LIFE
        return member
    if institution.supports_oauth:
        raise ApiError(400, "This institution needs is_oauth.")
    member.login, member.password = logins(institution.code, given.get("credentials"))
    rows = Member.objects.filter(user=user, institution_code=institution.code, login=member.login)
    if (existing := rows.first()) is not None:
        raise ApiError(409, f"Member already exists with guid: {existing.guid}")
    return member


def logins(code: str, given: Any) -> tuple[str, str]:
    """User name and password out of MX's credentials array. Raises ApiError."""
    if not isinstance(given, list) or not given:
        raise ApiError(400, "A required parameter was missing: credentials.")
    pairs = (one for one in given if isinstance(one, dict))
    values = {str(one.get("guid")): str(one.get("value") or "") for one in pairs}
    asked = {field["field_name"]: field for field in credentials(code)}
    found = {name: values.get(str(field["guid"]), "") for name, field in asked.items()}
    if missing := [asked[name]["label"] for name, value in found.items() if not value]:
        raise ApiError(400, f"A required parameter was missing: the credential {missing[0]}.")
    for name, field in asked.items():
        if "options" in field and found[name] not in {one["value"] for one in field["options"]}:
            raise ApiError(400, f"{field['label']} must be one of its options.")
    return found["LOGIN"][:255], found["PASSWORD"][:255]


def _create(request: HttpRequest, user: str) -> HttpResponse:
    given = body(request, "member")
    whole = body(request)
    # MX's own example gives the OAuth parameters beside the member.
    options = oauth_options(whole | given)
    member = create(users.readable(user), given)
    return answer({"member": rendered(member) | _window(request, member, options)})


def oauth_options(given: dict[str, Any]) -> dict[str, Any]:
    """What is to happen after the bank's page. Raises ApiError."""
    source = given.get("referral_source") or "BROWSER"
    if source not in oauth.SOURCES:
        raise ApiError(400, "referral_source must be BROWSER or APP.")
    names = ("client_redirect_url", "ui_message_webview_url_scheme")
    options: dict[str, Any] = {name: text(given, name) for name in names}
    for name, pattern in zip(names, (users.REDIRECT_URL, users.SCHEME), strict=True):
        if options[name] and not pattern.fullmatch(options[name]):
            raise ApiError(400, f"{name} cannot be used.")
    skips = flag(given, "skip_aggregation")
    return options | {"referral_source": source, "skip_aggregation": skips}


def _window(request: HttpRequest, member: Member, options: dict[str, Any]) -> dict[str, str]:
    if not member.is_oauth:
        return {}
    return {"oauth_window_uri": oauth_window(request, member, options)}


def oauth_window(request: HttpRequest, member: Member, options: dict[str, Any]) -> str:
    """The address of the bank's own page, where the person agrees."""
    return oauth.open_window(member, options, request.build_absolute_uri("/").rstrip("/"))


def _oauth_window_uri(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row = found(user, member)
    if not row.is_oauth:
        raise ApiError(400, "Member cannot use OAuth.")
    options = oauth_options(request.GET.dict())
    return answer({"member": rendered(row) | _window(request, row, options)})


def _list(request: HttpRequest, user: str) -> HttpResponse:
    rows = Member.objects.filter(user=users.readable(user)).select_related("user").order_by("id")
    return list_page(request, "members", rows, rendered)


def _read(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return answer({"member": rendered(found(user, member))})


def update(
    row: Member, given: dict[str, Any], *, transactions: bool = True, job: str = "AGGREGATION"
) -> Member:
    """New credentials (which are tried at once), identifier or metadata. Raises ApiError."""
    with transaction.atomic():
        row = jobs.locked(row)
        if "identifier" in given:
            row.identifier = users.identifier(given)
        if "metadata" in given:
            row.metadata = text(given, "metadata", users.LONGEST_METADATA)
        name = "background_aggregation_is_disabled"
        if name in given:
            row.background_aggregation_is_disabled = flag(given, name)
        try:
            if given.get("credentials") is not None:
                row.login, row.password = logins(row.institution_code, given["credentials"])
                row.connection_status, row.failures = "UPDATED", 0
                jobs.begin_first(row, transactions=transactions, job=job)
            elif row.job or row.connection_status == "PENDING":
                row.save()
            else:
                lifecycle.plan(row, clock.now())
        except IntegrityError:
            raise ApiError(409, "A member already exists with this identifier or login.") from None
    return row


def _update(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return answer({"member": rendered(update(found(user, member), body(request, "member")))})


def _delete(request: HttpRequest, user: str, member: str) -> HttpResponse:
    found(user, member).delete()
    return HttpResponse(status=204)


def _credentials(request: HttpRequest, user: str, member: str) -> HttpResponse:
    rows = credentials(found(user, member).institution_code)
    return list_page(request, "credentials", rows)


members = endpoint(GET=_list, POST=_create)
member = endpoint(GET=_read, PUT=_update, DELETE=_delete)
member_credentials = endpoint(GET=_credentials)
oauth_window_uri = endpoint(GET=_oauth_window_uri)
