"""/users/{guid}/members: connections, with or without OAuth."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.api import dialects
from sandbox.api import members as shared
from sandbox.api.errors import ApiError
from sandbox.api.http import body, optional_flag
from sandbox.platform_api import products
from sandbox.platform_api.endpoint import (
    answer,
    callback_payload,
    enabled_user,
    endpoint,
    page_of,
    params_of,
    remember_callback,
)
from sandbox.platform_api.institutions import credentials
from sandbox.world import ghosts, statuses
from sandbox.world.ids import guid
from sandbox.world.institutions import INSTITUTIONS
from sandbox.world.json_format import load_exact
from sandbox.world.models import Member

ID_NAME, SCHEME = "id", "mx"
NEEDS_CREDENTIALS = {"DENIED", "IMPAIRED", "IMPORTED", "PREVENTED"}
IGNORED = {"callback_payload", "name", "skip_aggregation"}  # of a member's body


def find_member(request: HttpRequest, user: str, member: str) -> Member:
    """The member of a path: by guid, since 2025 by the partner's own key as well."""
    owner = enabled_user(request, user)
    if dialects.is_2025(request):
        row = shared.of_user(owner).filter(identifier=member).first()
        if row is not None:
            return row
    return shared.get_member(owner, member)


def render(request: HttpRequest, member: Member) -> dict[str, Any]:
    bank, replaced = INSTITUTIONS[member.institution_code], load_exact(member.fields)
    status = replaced.get("connection_status", member.connection_status)
    fields = shared.describe(member) | {
        "connection_status_message": _message(status, bank.name),
        "id": member.identifier,
        "institution_guid": bank.guid,
        "is_managed_by_user": False,
        "is_manual": False,
        "most_recent_job_detail_code": None,
        "most_recent_job_detail_text": None,
        "most_recent_job_guid": _job_guid(request, member),
        "needs_updated_credentials": status in NEEDS_CREDENTIALS,
        "use_cases": [],
        "user_id": member.user.identifier,
    }
    return fields | {
        name: value for name, value in replaced.items() if name in fields or name == "error"
    }


def _message(status: str | None, bank: str) -> str | None:
    return statuses.message(status, bank) if status in statuses.STATUSES else None


def _job_guid(request: HttpRequest, member: Member) -> str | None:
    """The last job. The version of 2011 types it as a boolean, so a text there breaks clients."""
    if member.aggregated_at is None or not dialects.is_2025(request):
        return None
    return guid("JOB", member.guid, member.aggregated_at)


def _create(request: HttpRequest, user: str) -> HttpResponse:
    row = enabled_user(request, user)
    sent = params_of(request, "member")
    params = {name: value for name, value in sent.items() if name not in IGNORED}
    purpose = products.of_member(request, body(request))
    name = "background_aggregation_is_disabled"
    disabled = optional_flag(params, name)
    params[name] = purpose.stops_background if disabled is None else disabled
    params["skip_aggregation"] = sent.get("skip_aggregation")
    params["callback_payload"] = callback_payload(request)
    options = shared.oauth_options(body(request) | sent, SCHEME)
    options |= {"transactions": purpose.transactions, "verifies": purpose.verifies}
    member = shared.create(
        row, params, id_name=ID_NAME, transactions=purpose.transactions, job=purpose.first_job
    )
    rendered = render(request, member)
    if member.is_oauth:
        rendered["oauth_window_uri"] = shared.oauth_window(request, member, options)
    return answer({"member": rendered}, 202 if member.job else 200)


def _oauth_window_uri(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row = find_member(request, user, member)
    if not row.is_oauth:
        raise ApiError(400, "Member cannot use OAuth.")
    uri = shared.oauth_window(request, row, shared.oauth_options(request.GET.dict(), SCHEME))
    return answer({"member": {"guid": row.guid, "oauth_window_uri": uri}})


def _list(request: HttpRequest, user: str) -> HttpResponse:
    rows = shared.of_user(enabled_user(request, user))
    return page_of(request, "members", rows, lambda page: [render(request, row) for row in page])


def _read(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return answer({"member": render(request, find_member(request, user, member))})


def _update(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row, params = find_member(request, user, member), params_of(request, "member")
    remember_callback(request, row)
    row = shared.update(row, params, id_name=ID_NAME)
    return answer({"member": render(request, row)})


def _delete(request: HttpRequest, user: str, member: str) -> HttpResponse:
    ghosts.delete_member(find_member(request, user, member))
    return HttpResponse(status=204)


def _credentials(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row = find_member(request, user, member)
    return page_of(request, "credentials", credentials(row.institution_code))


members = endpoint(GET=_list, POST=_create)
member = endpoint(GET=_read, PUT=_update, DELETE=_delete)
member_credentials = endpoint(GET=_credentials)
oauth_window_uri = endpoint(GET=_oauth_window_uri)
