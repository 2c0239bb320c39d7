"""Django's handler400 … handler500 and CSRF_FAILURE_VIEW: error responses outside of DRF."""

from __future__ import annotations

import re
import sys

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from gateway.errors.responses import error_response
from gateway.errors.specs import ERROR_SPECS
from integrations.flows.errors import FlowError, NotFound
from nucleus.hydrogen.fields import is_path_id, not_a_uuid

ROUTE_PARAMETER = re.compile(r"<\w+:\w+>")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    has_spec = isinstance(exception, tuple(ERROR_SPECS))
    error = exception if has_spec else FlowError("The request cannot be understood.")
    return error_response(request, error)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return error_response(request, PermissionDenied("This is not permitted."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    message = "The form has expired, or was sent from another site. Load it again."
    return error_response(request, PermissionDenied(message))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    if request.path.endswith("/") and not request.path.startswith("/admin"):
        message = "There is nothing at this address. Paths have no trailing slash."
        return error_response(request, NotFound(message))
    if (invalid_id := _invalid_id(exception)) is not None:
        return error_response(request, NotFound(not_a_uuid(invalid_id)))
    return error_response(request, Http404())


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500. Django calls it while the exception is handled, and has logged it."""
    error = sys.exc_info()[1]
    has_spec = isinstance(error, tuple(ERROR_SPECS))
    return error_response(request, error if has_spec else Exception())  # type: ignore[arg-type]


def _invalid_id(exception: Exception) -> str | None:
    """The path segment that is not a valid UUID, if the path otherwise matches a route.

    None if there is none.
    """
    resolver_error = exception.args[0] if exception.args else None
    if not isinstance(resolver_error, dict):
        return None
    for patterns in resolver_error.get("tried", ()):
        route = "".join(str(pattern.pattern) for pattern in patterns)
        if "<uuid:" not in route:
            continue
        literals = map(re.escape, ROUTE_PARAMETER.split(route))
        if match := re.fullmatch("([^/]+)".join(literals), resolver_error["path"], re.DOTALL):
            parameters = ROUTE_PARAMETER.findall(route)
            for parameter, text in zip(parameters, match.groups(), strict=True):
                if parameter.startswith("<uuid:") and not is_path_id(text):
                    return text
    return None
