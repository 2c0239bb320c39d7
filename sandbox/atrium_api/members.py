"""/users/{guid}/members: connections, with or without OAuth."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.api import users
from sandbox.api.errors import ApiError
from sandbox.api.http import body, json_response
from sandbox.api.members import (
    create,
    describe,
    find_member,
    oauth_options,
    oauth_window,
    of_user,
    update,
)
from sandbox.atrium_api.endpoint import endpoint, list_page
from sandbox.world import ghosts
from sandbox.world.institutions import credential_fields
from sandbox.world.json_format import load_exact
from sandbox.world.models import Member


def render(member: Member) -> dict[str, Any]:
    fields = describe(member) | {"identifier": member.identifier, "status": member.status}
    replaced = load_exact(member.fields).items()
    return fields | {name: value for name, value in replaced if name in fields}


def _params(request: HttpRequest) -> dict[str, Any]:
    params = body(request, "member")
    return {name: value for name, value in params.items() if name != "callback_payload"}


def _create(request: HttpRequest, user: str) -> HttpResponse:
    params = _params(request)
    # MX's own example gives the OAuth parameters beside the member.
    options = oauth_options(body(request) | params)
    member = create(users.get_enabled_user(user), params)
    return json_response({"member": render(member) | _window(request, member, options)})


def _window(request: HttpRequest, member: Member, options: dict[str, Any]) -> dict[str, str]:
    if not member.is_oauth:
        return {}
    return {"oauth_window_uri": oauth_window(request, member, options)}


def _oauth_window_uri(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row = find_member(user, member)
    if not row.is_oauth:
        raise ApiError(400, "Member cannot use OAuth.")
    options = oauth_options(request.GET.dict())
    return json_response({"member": render(row) | _window(request, row, options)})


def _list(request: HttpRequest, user: str) -> HttpResponse:
    return list_page(request, "members", of_user(users.get_enabled_user(user)), render)


def _read(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return json_response({"member": render(find_member(user, member))})


def _update(request: HttpRequest, user: str, member: str) -> HttpResponse:
    row = update(find_member(user, member), _params(request))
    return json_response({"member": render(row)})


def _delete(request: HttpRequest, user: str, member: str) -> HttpResponse:
    ghosts.delete_member(find_member(user, member))
    return HttpResponse(status=204)


def _credentials(request: HttpRequest, user: str, member: str) -> HttpResponse:
    rows = credential_fields(find_member(user, member).institution_code)
    return list_page(request, "credentials", rows)


members = endpoint(GET=_list, POST=_create)
member = endpoint(GET=_read, PUT=_update, DELETE=_delete)
member_credentials = endpoint(GET=_credentials)
oauth_window_uri = endpoint(GET=_oauth_window_uri)
