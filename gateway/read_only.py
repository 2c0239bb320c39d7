"""Decorator of views outside of the API that allow GET and HEAD only."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import MethodNotAllowed

from gateway.errors import responses

METHODS = ("GET", "HEAD")
View = Callable[..., HttpResponseBase]


def read_only(view: View) -> View:
    """Refuse other methods with 405. Exempt from CSRF checks, since the view changes nothing."""

    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in METHODS:
            return view(request, *args, **kwargs)
        error = MethodNotAllowed(str(request.method), "This address is read-only: use GET or HEAD.")
        return responses.error_response(request, error, {"Allow": ", ".join(METHODS)})

    return wrapped
