"""/users."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.api import users as shared
from sandbox.api.http import body, json_response
from sandbox.atrium_api.endpoint import endpoint, list_page
from sandbox.world.models import User

ID_NAME = "identifier"


def render(user: User) -> dict[str, Any]:
    return {
        "guid": user.guid,
        "identifier": user.identifier,
        "is_disabled": user.is_disabled,
        "metadata": user.metadata,
    }


def _params(request: HttpRequest) -> dict[str, Any]:
    return {name: value for name, value in body(request, "user").items() if name != "email"}


def _create(request: HttpRequest) -> HttpResponse:
    return json_response({"user": render(shared.create(_params(request), ID_NAME))})


def _list(request: HttpRequest) -> HttpResponse:
    return list_page(request, "users", User.objects.order_by("id"), render)


def _read(request: HttpRequest, user: str) -> HttpResponse:
    return json_response({"user": render(shared.get_user(user))})


def _update(request: HttpRequest, user: str) -> HttpResponse:
    row = shared.update(shared.get_user(user), _params(request), ID_NAME)
    return json_response({"user": render(row)})


def _delete(request: HttpRequest, user: str) -> HttpResponse:
    shared.get_user(user).delete()
    return HttpResponse(status=204)


users = endpoint(GET=_list, POST=_create)
user = endpoint(GET=_read, PUT=_update, DELETE=_delete)
