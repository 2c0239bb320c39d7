"""Views outside of the API that know GET and HEAD only."""

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
    """Answer other methods with 405. A form of another site can do nothing to such a view, so
    nobody is asked for a CSRF token.
    """

    @csrf_exempt
    @wraps(view)
    def reading(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in METHODS:
            return view(request, *args, **kwargs)
        words = "This address can only be read: use GET or HEAD."
        refusal = MethodNotAllowed(str(request.method), words)
        return responses.error_response(request, refusal, {"Allow": ", ".join(METHODS)})

    return reading
