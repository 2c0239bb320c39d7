"""Everything that can be raised → one JSON body that says what was wrong, whose fault it is, and
what to do.

{"status": 503, "error": "Service Unavailable", "code": "vendor_timeout", "fault": "vendor",
 "message": "…", "path": "…", "timestamp": "…", "request_id": "…", "retry_at": "…", "errors": {…}}
"""

from __future__ import annotations

import logging
import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.response import Response

from gateway import error_pages
from integrations.errors import VendorNotConfigured
from integrations.flows import inbox
from integrations.flows.errors import FlowError, NotFound
from integrations.request_context import current_request_id
from integrations.vendors import errors as vendor
from integrations.vendors.registry import UnknownVendor
from nucleus.encryption import DecryptionFailed
from nucleus.wire.fields import is_path_id, not_a_uuid
from nucleus.wire.json import ExactJSONRenderer
from nucleus.writes import AccountGone

logger = logging.getLogger(__name__)
ROUTE_PARAMETER = re.compile(r"<\w+:\w+>")
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Answer:
    """How one class of exceptions is answered. `retry_after` is in seconds."""

    status: int
    code: str
    fault: str = "caller"
    retry_after: float | None = None


# Most specific first. Vendor failures: contract section 4.
ANSWERS: dict[type[Exception], Answer] = {
    vendor.VendorAccessDenied: Answer(400, "vendor_access_denied", "configuration"),
    vendor.VendorNotFound: Answer(404, "vendor_not_found"),
    vendor.VendorBusy: Answer(409, "vendor_busy", "vendor", 5),
    vendor.VendorConflict: Answer(409, "vendor_conflict"),
    vendor.VendorRefused: Answer(400, "vendor_refused"),
    vendor.VendorRateLimited: Answer(429, "vendor_rate_limited", "vendor", 60),
    vendor.VendorTimeout: Answer(503, "vendor_timeout", "vendor", 30),
    vendor.VendorBadResponse: Answer(503, "vendor_bad_response", "vendor", 30),
    vendor.VendorUnavailable: Answer(503, "vendor_unavailable", "vendor", 30),
    vendor.VendorError: Answer(503, "vendor_error", "vendor", 30),
    VendorNotConfigured: Answer(400, "vendor_not_configured", "configuration"),
    UnknownVendor: Answer(400, "unknown_vendor"),
    NotFound: Answer(404, "not_found"),
    FlowError: Answer(400, "invalid_request"),
    Http404: Answer(404, "not_found"),
    PermissionDenied: Answer(403, "permission_denied"),
    inbox.Unreadable: Answer(400, "invalid_request"),
    RequestDataTooBig: Answer(413, "body_too_large"),
    DisallowedHost: Answer(400, "unknown_host"),
    SuspiciousOperation: Answer(400, "invalid_request"),  # too many parameters, for one
    BadRequest: Answer(400, "invalid_request"),  # a form that is not UTF-8
    MultiPartParserError: Answer(400, "invalid_request"),
    UnreadablePostError: Answer(400, "invalid_request"),
    AccountGone: Answer(404, "not_found"),
    DecryptionFailed: Answer(503, "decryption_failed", "gateway", 300),
    IntegrityError: Answer(409, "conflict", retry_after=1),
    DataError: Answer(400, "invalid_value"),
    OperationalError: Answer(503, "database_unavailable", "gateway", 5),
    InterfaceError: Answer(503, "database_unavailable", "gateway", 5),
}
WORDS: dict[type[Exception], str] = {
    Http404: "There is nothing at this address.",
    SuspiciousOperation: "There are too many parameters, or they cannot be read.",
    BadRequest: "The form in the body cannot be read; send it in UTF-8.",
    MultiPartParserError: "The form in the body cannot be read.",
    UnreadablePostError: "The body ended before it was complete.",
    RequestDataTooBig: "The body is larger than 256 KiB.",
    DisallowedHost: "The gateway does not answer to this host name; see ALLOWED_HOSTS.",
    DecryptionFailed: (
        "Something stored cannot be decrypted. Staff: restore its key in FIELD_ENCRYPTION_KEYS; "
        "`manage.py doctor` says more."
    ),
    IntegrityError: "Another request has just stored the same thing; read it, or try again.",
    DataError: "A value does not fit the field it is meant for.",
    OperationalError: "The database is not answering. Try again shortly.",
    InterfaceError: "The database is not answering. Try again shortly.",
}
HOW_TO_SIGN_IN = (
    "This call needs a token: send the header `Authorization: Bearer <access_token>`. "
    "POST /authorization/v1/oauth/token?grant_type=client_credentials gives one, with your client "
    "id and secret by HTTP Basic."
)
WORDS_FOR_GONE = "What was to be changed has been deleted at the same moment; read it again."


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: every API answer that is not a success comes from here."""
    request = context["request"]
    status, body, headers = _answered(_with_advice(error, context["view"]), request.path)
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if status >= 500:
        logger.log(
            logging.ERROR if status == 500 else logging.WARNING,
            "%s %s failed: %s",
            request.method,
            request.path,
            type(error).__name__,
            exc_info=error if status == 500 else None,
        )
    return Response(body, status=status, headers=headers)


def _with_advice(error: Exception, view: Any) -> Exception:
    """The same refusal, with what to do about it."""
    if isinstance(error, exceptions.NotAuthenticated):
        error.detail = exceptions.ErrorDetail(HOW_TO_SIGN_IN)
    elif isinstance(error, exceptions.MethodNotAllowed):
        allowed = [method for method in view.allowed_methods if method != "OPTIONS"]
        error.detail = exceptions.ErrorDetail(f"{error.detail} Use {' or '.join(allowed)}.")
    return error


def _answered(error: Exception, path: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers."""
    errors: dict[str, Any] | None = None
    if isinstance(error, exceptions.APIException):
        answer = _drf_answer(error)
        message, errors = _drf_words(error)
    else:
        answer, message = _words(error)
    retry_after = getattr(error, "retry_after", None) or answer.retry_after
    headers = {}
    if retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
    return answer.status, _body(answer, message, path, retry_after, errors), headers


def _drf_answer(error: exceptions.APIException) -> Answer:
    retry_after = getattr(error, "wait", None)
    code = "invalid_request" if error.status_code == 400 else error.default_code
    return Answer(error.status_code, code, retry_after=retry_after)


def _drf_words(error: exceptions.APIException) -> tuple[str, dict[str, Any] | None]:
    """A sentence, and the wrong fields when it is about fields."""
    detail = error.detail
    if isinstance(detail, dict):
        fields = {name: _flat(value) for name, value in detail.items()}
        first, reasons = next(iter(fields.items()))
        sentence = reasons[0] if isinstance(reasons, list) else str(reasons)
        return f"{first}: {sentence}" if first != "non_field_errors" else sentence, fields
    if isinstance(detail, list):
        return " ".join(str(one) for one in detail), None
    return str(detail), None


def _flat(value: Any) -> Any:
    """Lists of sentences; nested objects become the sentences inside them, with their names."""
    if isinstance(value, dict):
        return [f"{name}: {one}" for name, inner in value.items() for one in _flat(inner)]
    if isinstance(value, list):
        return [line for one in value for line in (_flat(one) if isinstance(one, dict) else [one])]
    return [str(value)]


def _words(error: Exception) -> tuple[Answer, str]:
    for kind, answer in ANSWERS.items():
        if isinstance(error, kind):
            return answer, WORDS.get(kind) or str(error) or "The request was refused."
    # How Django says that a row to be updated is gone; what a driver raises has a cause.
    if type(error) is DatabaseError and error.__cause__ is None:
        return Answer(409, "conflict", retry_after=1), WORDS_FOR_GONE
    message = "Something went wrong here; it has been logged under this request_id."
    return Answer(500, "internal_error", "gateway"), message


def _body(
    answer: Answer,
    message: str,
    path: str,
    retry_after: float | None = None,
    errors: dict[str, Any] | None = None,
) -> dict[str, Any]:
    now = timezone.now()
    body: dict[str, Any] = {
        "status": answer.status,
        "error": HTTPStatus(answer.status).phrase,
        "code": answer.code,
        "fault": answer.fault,
        "message": message,
        "path": path,
        "timestamp": now,
        "request_id": current_request_id.get(),
    }
    if retry_after is not None:
        body["retry_at"] = now + timedelta(seconds=retry_after)
    if errors is not None:
        body["errors"] = errors
    return body


def page(
    request: HttpRequest, error: Exception, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The answer to an error outside of DRF."""
    status, body, usual = _answered(error, request.path)
    if error_pages.is_wanted(request):
        return error_pages.render(request, body, usual | dict(headers or {}))
    return HttpResponse(
        ExactJSONRenderer().render(body),
        status=status,
        content_type="application/json",
        headers=usual | dict(headers or {}),
    )


def explained(view: View) -> View:
    """A view outside of DRF whose known failures are answered as those of the API are."""

    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except tuple(ANSWERS) as error:
            return page(request, error)

    return answering


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    known = isinstance(exception, tuple(ANSWERS))
    return page(request, exception if known else FlowError("The request cannot be understood."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return page(request, PermissionDenied("This is not permitted."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return page(
        request,
        PermissionDenied("The form is too old, or was sent from another site. Load it again."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    if request.path.endswith("/") and not request.path.startswith("/admin"):
        return page(request, NotFound("There is nothing here. Paths have no trailing slash."))
    if (text := _wrong_id(exception)) is not None:
        return page(request, NotFound(not_a_uuid(text)))
    return page(request, Http404())


def _wrong_id(exception: Exception) -> str | None:
    """What stands in the path where a route has a UUID, if the path is such a route otherwise."""
    found = exception.args[0] if exception.args else None
    if not isinstance(found, dict):
        return None
    for patterns in found.get("tried", ()):
        route = "".join(str(one.pattern) for one in patterns)
        if "<uuid:" not in route:
            continue
        parts = ROUTE_PARAMETER.split(route)
        expression = "([^/]+)".join(map(re.escape, parts))
        if match := re.fullmatch(expression, found["path"], re.DOTALL):
            kinds = ROUTE_PARAMETER.findall(route)
            for kind, text in zip(kinds, match.groups(), strict=True):
                if kind.startswith("<uuid:") and not is_path_id(text):
                    return text
    return None


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500, called while the exception is handled; Django has logged it."""
    error = sys.exc_info()[1]
    known = error if isinstance(error, Exception) and isinstance(error, tuple(ANSWERS)) else None
    return page(request, known or Exception())
