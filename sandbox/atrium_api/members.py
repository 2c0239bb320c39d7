"""/users/{guid}/members: connections, with or without OAuth."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api import users
from sandbox.atrium_api.endpoint import body, endpoint, flag, json_response, list_page, text
from sandbox.atrium_api.errors import ApiError
from sandbox.world import clock, ids, jobs, lifecycle, oauth
from sandbox.world.institutions import INSTITUTIONS, Institution, credential_fields
from sandbox.world.json_format import format_datetime, load_exact
from sandbox.world.models import Member, User
from sandbox.world.rules import RULES


def render(member: Member) -> dict[str, Any]:
    def moment(name: str) -> str | None:
        value = getattr(member, name)
        return format_datetime(value) if value else None

    fields: dict[str, Any] = load_exact(member.fields)
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
    } | fields


def get_member(user_guid: str, member_guid: str) -> Member:
    users.get_enabled_user(user_guid)
    rows = Member.objects.select_related("user")
    member = rows.filter(guid=member_guid, user__guid=user_guid).first()
    if member is None:
        raise ApiError(404, "The requested member was not found.")
    return member


def create(
    user: User, params: dict[str, Any], *, transactions: bool = True, job: str = "AGGREGATION"
) -> Member:
    """Create a member and start its first job (with OAuth not before the end user's login).

    Raises:
        ApiError: the institution, the credentials or a limit.
    """
    institution = INSTITUTIONS.get(str(params.get("institution_code")))
    if institution is None:
        raise ApiError(400, "Unrecognized institution.")
    skips = flag(params, "skip_aggregation")
    with transaction.atomic():
        member = _build_member(user, institution, params)
        if Member.objects.filter(user=user).count() >= RULES.member_limit:
            raise ApiError(403, f"A user may have no more than {RULES.member_limit} members.")
        try:
            if member.is_oauth or skips:
                member.save()
            else:
                jobs.start_first(member, transactions=transactions, job=job)
        except IntegrityError:
            raise ApiError(409, "A member already exists with this identifier.") from None
        if skips and not member.is_oauth:
            lifecycle.schedule_background(member, clock.now())
    return member


def _build_member(user: User, institution: Institution, params: dict[str, Any]) -> Member:
    """An unsaved member. Raises ApiError."""
    member = Member(
        guid=ids.new("MBR"),
        user=user,
        institution_code=institution.code,
        identifier=users.identifier(params),
        metadata=text(params, "metadata", users.MAX_METADATA_LENGTH),
        name=text(params, "name", 255) or institution.name,
        background_aggregation_is_disabled=flag(params, "background_aggregation_is_disabled"),
        created_at=clock.now(),
    )
    if flag(params, "is_oauth"):
        if not institution.supports_oauth:
            raise ApiError(400, "Member cannot use OAuth.")
        member.is_oauth, member.connection_status = True, "PENDING"
        member.due_at = clock.now() + lifecycle.PENDING_LIFE
        return member
    if institution.supports_oauth:
        raise ApiError(400, "This institution needs is_oauth.")
    member.login, member.password = parse_credentials(institution.code, params.get("credentials"))
    rows = Member.objects.filter(user=user, institution_code=institution.code, login=member.login)
    if (existing := rows.first()) is not None:
        raise ApiError(409, f"Member already exists with guid: {existing.guid}")
    return member


def parse_credentials(code: str, params: Any) -> tuple[str, str]:
    """User name and password out of MX's credentials array. Raises ApiError."""
    if not isinstance(params, list) or not params:
        raise ApiError(400, "A required parameter was missing: credentials.")
    pairs = (item for item in params if isinstance(item, dict))
    values = {str(pair.get("guid")): str(pair.get("value") or "") for pair in pairs}
    fields = {field["field_name"]: field for field in credential_fields(code)}
    entered = {name: values.get(str(field["guid"]), "") for name, field in fields.items()}
    if missing := [fields[name]["label"] for name, value in entered.items() if not value]:
        raise ApiError(400, f"A required parameter was missing: the credential {missing[0]}.")
    for name, field in fields.items():
        if "options" in field and entered[name] not in {
            option["value"] for option in field["options"]
        }:
            raise ApiError(400, f"{field['label']} must be one of its options.")
    return entered["LOGIN"][:255], entered["PASSWORD"][:255]


def _create(request: HttpRequest, user: str) -> HttpResponse:
    params = body(request, "member")
    request_body = body(request)
    # MX's own example gives the OAuth parameters beside the member.
    options = oauth_options(request_body | params)
    member = create(users.get_enabled_user(user), params)
    return json_response({"member": render(member) | _window(request, member, options)})


def oauth_options(params: dict[str, Any]) -> dict[str, Any]:
    """Options of an OAuth window. Raises ApiError."""
    source = params.get("referral_source") or "BROWSER"
    if source not in oauth.SOURCES:
        raise ApiError(400, "referral_source must be BROWSER or APP.")
    names = ("client_redirect_url", "ui_message_webview_url_scheme")
    options: dict[str, Any] = {name: text(params, name) for name in names}
    for name, pattern in zip(names, (users.REDIRECT_URL, users.SCHEME), strict=True):
        if options[name] and not pattern.fullmatch(options[name]):
            raise ApiError(400, f"{name} cannot be used.")
    skips = flag(params, "skip_aggregation")
    return options | {"referral_source": source, "skip_aggregation": skips}


def _window(request: HttpRequest, member: Member, options: dict[str, Any]) -> dict[str, str]:
    if not member.is_oauth:
        return {}
    return {"oauth_window_uri": oauth_window(request, member, options)}


def oauth_window(request: HttpRequest, member: Member, options: dict[str, Any]) -> str:
    """The address of the bank's own page, where the person agrees."""
    return oauth.open_window(member, options, request.build_absolute_uri("/").rstrip("/"))


def _oauth_window_uri(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row = get_member(user, member)
    if not row.is_oauth:
        raise ApiError(400, "Member cannot use OAuth.")
    options = oauth_options(request.GET.dict())
    return json_response({"member": render(row) | _window(request, row, options)})


def _list(request: HttpRequest, user: str) -> HttpResponse:
    rows = (
        Member.objects.filter(user=users.get_enabled_user(user))
        .select_related("user")
        .order_by("id")
    )
    return list_page(request, "members", rows, render)


def _read(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return json_response({"member": render(get_member(user, member))})


def update(
    row: Member, params: dict[str, Any], *, transactions: bool = True, job: str = "AGGREGATION"
) -> Member:
    """Change credentials (used at once), identifier or metadata. Raises ApiError."""
    with transaction.atomic():
        row = jobs.reload(row)
        if "identifier" in params:
            row.identifier = users.identifier(params)
        if "metadata" in params:
            row.metadata = text(params, "metadata", users.MAX_METADATA_LENGTH)
        name = "background_aggregation_is_disabled"
        if name in params:
            row.background_aggregation_is_disabled = flag(params, name)
        try:
            if params.get("credentials") is not None:
                row.login, row.password = parse_credentials(
                    row.institution_code, params["credentials"]
                )
                row.connection_status, row.failures = "UPDATED", 0
                jobs.start_first(row, transactions=transactions, job=job)
            elif row.job or row.connection_status == "PENDING":
                row.save()
            else:
                lifecycle.schedule_background(row, clock.now())
        except IntegrityError:
            raise ApiError(409, "A member already exists with this identifier or login.") from None
    return row


def _update(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return json_response(
        {"member": render(update(get_member(user, member), body(request, "member")))}
    )


def _delete(request: HttpRequest, user: str, member: str) -> HttpResponse:
    get_member(user, member).delete()
    return HttpResponse(status=204)


def _credentials(request: HttpRequest, user: str, member: str) -> HttpResponse:
    rows = credential_fields(get_member(user, member).institution_code)
    return list_page(request, "credentials", rows)


members = endpoint(GET=_list, POST=_create)
member = endpoint(GET=_read, PUT=_update, DELETE=_delete)
member_credentials = endpoint(GET=_credentials)
oauth_window_uri = endpoint(GET=_oauth_window_uri)
