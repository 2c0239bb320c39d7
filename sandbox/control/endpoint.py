"""Shared by the control API: JSON bodies, JSON responses, no cross-site requests."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from sandbox.world.json_format import load_exact

Handler = Callable[..., HttpResponse]
WITH_PORT = re.compile(r":\d+$")


def control(**handlers: Handler) -> Handler:
    """A view of `GET=…, POST=…` handlers; what they raise of a wrong value is a 400."""

    @csrf_exempt
    def view(request: HttpRequest, **ids: Any) -> HttpResponse:
        handler = handlers.get(request.method or "")
        if handler is None:
            return error_response(405, f"Use {' or '.join(handlers)}.")
        if not _is_own_page(request):
            return error_response(403, "Web pages of other origins do not control the sandbox.")
        try:
            return handler(request, **ids)
        except (ValueError, TypeError, OverflowError) as error:
            return error_response(400, str(error))

    return functools.update_wrapper(view, next(iter(handlers.values())))


def _is_own_page(request: HttpRequest) -> bool:
    """Whether no web page asks, or one of the sandbox's own.

    The request's own Host says nothing here: whoever can choose the Origin chooses that, too.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    return origin.lower() in _own_origins(request.META["SERVER_PORT"])


@functools.cache
def _own_origins(port: str) -> set[str]:
    hosts = [host if WITH_PORT.search(host) else f"{host}:{port}" for host in settings.OWN_HOSTS]
    hosts += [host.removesuffix(":80") for host in hosts]
    return {f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts}


def origin(request: HttpRequest) -> str:
    """The sandbox's own address as the caller sees it."""
    return request.build_absolute_uri("/").rstrip("/")


def error_response(status: int, message: str) -> HttpResponse:
    return JsonResponse({"error": {"message": message}}, status=status)


def json_body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of the request. Raises ValueError."""
    parsed = json.loads(request.body or b"{}")
    return _object(parsed)


def exact_body(request: HttpRequest) -> dict[str, Any]:
    """The same with a Decimal for every number that has a fraction."""
    return _object(load_exact(request.body or b"{}"))


def _object(parsed: Any) -> dict[str, Any]:
    if not isinstance(parsed, dict):
        raise ValueError("The body must be a JSON object.")
    return parsed
