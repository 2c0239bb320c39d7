"""MX's members: finding, creating and changing connections, with or without OAuth."""

from __future__ import annotations

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from sandbox.api import users
from sandbox.api.errors import ApiError
from sandbox.api.http import flag, text
from sandbox.world import clock, ids, jobs, lifecycle, oauth
from sandbox.world.institutions import INSTITUTIONS, Institution, credential_fields
from sandbox.world.jobs import JobRefused
from sandbox.world.json_format import format_datetime
from sandbox.world.models import Member, User
from sandbox.world.rules import RULES

# Where the end user may be sent after the bank's page: pages and apps, never a script.
SCRIPTS = "javascript|data|vbscript|blob|file"
REDIRECT_URL = re.compile(rf"(?!({SCRIPTS}):)[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
SCHEME = re.compile(rf"(?!({SCRIPTS})$)[a-z][a-z0-9+.-]{{0,99}}", re.IGNORECASE)
CALLBACK_LENGTH = 1024


def describe(member: Member) -> dict[str, Any]:
    """What every API says of a member, under the same names."""

    def moment(name: str) -> str | None:
        value = getattr(member, name)
        return format_datetime(value) if value else None

    return {
        "aggregated_at": moment("aggregated_at"),
        "background_aggregation_is_disabled": member.background_aggregation_is_disabled,
        "connection_status": member.connection_status,
        "guid": member.guid,
        "institution_code": member.institution_code,
        "is_being_aggregated": bool(member.job) or member.connection_status == "PENDING",
        "is_oauth": member.is_oauth,
        "metadata": member.metadata,
        "name": member.name,
        "successfully_aggregated_at": moment("successfully_aggregated_at"),
        "user_guid": member.user.guid,
    }


def of_user(user: User) -> QuerySet[Member]:
    return Member.objects.filter(user=user).select_related("user").order_by("id")


def get_member(user: User, guid: str) -> Member:
    member = of_user(user).filter(guid=guid).first()
    if member is None:
        raise ApiError(404, "The requested member was not found.")
    return member


def find_member(user_guid: str, guid: str) -> Member:
    """A member of a user who must not be disabled."""
    return get_member(users.get_enabled_user(user_guid), guid)


def create(
    user: User,
    params: dict[str, Any],
    *,
    id_name: str = "identifier",
    transactions: bool = True,
    job: str = "AGGREGATION",
) -> Member:
    """Create a member and start its first job (with OAuth not before the end user's login).

    Args:
        id_name: what the API calls the partner's own key.

    Raises:
        ApiError: the institution, the credentials or a limit.
    """
    institution = INSTITUTIONS.get(str(params.get("institution_code")))
    if institution is None:
        raise ApiError(400, "Unrecognized institution.")
    skips = flag(params, "skip_aggregation")
    with transaction.atomic():
        member = _build_member(user, institution, params, id_name)
        if Member.objects.filter(user=user).count() >= RULES.member_limit:
            raise ApiError(403, f"A user may have no more than {RULES.member_limit} members.")
        try:
            if member.is_oauth or skips:
                member.save()
            else:
                jobs.start_first(member, transactions=transactions, job=job)
        except IntegrityError:
            raise ApiError(409, f"A member already exists with this {id_name}.") from None
        if skips and not member.is_oauth:
            lifecycle.schedule_background(member, clock.now())
    return member


def _build_member(
    user: User, institution: Institution, params: dict[str, Any], id_name: str
) -> Member:
    """An unsaved member. Raises ApiError."""
    member = Member(
        guid=ids.new("MBR"),
        user=user,
        institution_code=institution.code,
        identifier=users.own_id(params, id_name),
        metadata=text(params, "metadata", users.MAX_METADATA_LENGTH),
        name=text(params, "name", 255) or institution.name,
        background_aggregation_is_disabled=flag(params, "background_aggregation_is_disabled"),
        callback_payload=text(params, "callback_payload", CALLBACK_LENGTH) or "",
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


def update(
    row: Member,
    params: dict[str, Any],
    *,
    id_name: str = "identifier",
    transactions: bool = True,
    job: str = "AGGREGATION",
) -> Member:
    """Change credentials (used at once), the partner's key or metadata. Raises ApiError."""
    with transaction.atomic():
        row = jobs.reload(row)
        if id_name in params:
            row.identifier = users.own_id(params, id_name)
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
            raise ApiError(409, f"A member already exists with this {id_name} or login.") from None
    return row


def start_job(row: Member, job: str, *, transactions: bool | None = None) -> Member:
    """Start a job, named as in `jobs.JOBS`; returns the member. Raises ApiError."""
    try:
        return jobs.start(row, job, transactions=transactions)
    except JobRefused as refused:
        raise ApiError(refused.status, refused.message) from None


def resume(row: Member, params: dict[str, Any]) -> Member:
    """Answer the waiting challenges with `challenges`, as MX's bodies have them."""
    challenges = params.get("challenges")
    if not isinstance(challenges, list):
        raise ApiError(400, "A required parameter was missing: challenges.")
    pairs = (item for item in challenges if isinstance(item, dict))
    return answer_questions(row, {str(pair.get("guid")): str(pair.get("value")) for pair in pairs})


def answer_questions(row: Member, values: dict[str, str]) -> Member:
    """Answer the waiting challenges; returns the member. Raises ApiError."""
    try:
        return jobs.answer(row, values)
    except JobRefused as refused:
        raise ApiError(refused.status, refused.message) from None


def oauth_options(params: dict[str, Any], scheme: str | None = None) -> dict[str, Any]:
    """Options of an OAuth window. Raises ApiError.

    Args:
        scheme: where the end user returns to if the caller names none.
    """
    source = params.get("referral_source") or "BROWSER"
    if source not in oauth.SOURCES:
        raise ApiError(400, "referral_source must be BROWSER or APP.")
    names = ("client_redirect_url", "ui_message_webview_url_scheme")
    options: dict[str, Any] = {name: text(params, name) for name in names}
    for name, pattern in zip(names, (REDIRECT_URL, SCHEME), strict=True):
        if options[name] and not pattern.fullmatch(options[name]):
            raise ApiError(400, f"{name} cannot be used.")
    options["ui_message_webview_url_scheme"] = options["ui_message_webview_url_scheme"] or scheme
    skips = flag(params, "skip_aggregation")
    return options | {"referral_source": source, "skip_aggregation": skips}


def oauth_window(request: HttpRequest, member: Member, options: dict[str, Any]) -> str:
    """The address of the bank's own page, where the person agrees."""
    return oauth.open_window(member, options, request.build_absolute_uri("/").rstrip("/"))
