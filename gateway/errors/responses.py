"""Error responses: one JSON body that says what was wrong, who has to act, and what to do.

{"status": 503, "error": "Service Unavailable", "code": "vendor_timeout", "fault": "vendor",
 "message": "…", "path": "…", "timestamp": "…", "request_id": "…", "retry_at": "…", "errors": {…}}
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.response import Response

from gateway.errors import admin_pages
from gateway.errors.specs import ERROR_SPECS, ErrorSpec, drf_spec, spec_and_message
from integrations.request_context import current_request_id
from nucleus.hydrogen.json_format import ExactJSONRenderer

logger = logging.getLogger(__name__)
View = Callable[..., HttpResponse]

HOW_TO_AUTHENTICATE = (
    "This call requires a token: send the header `Authorization: Bearer <access_token>`. "
    "POST /authorization/v1/oauth/token?grant_type=client_credentials returns one; authenticate "
    "with client id and secret as HTTP Basic."
)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER: every error response of the API is made here."""
    request = context["request"]
    _add_advice(error, context["view"])
    status, body, headers = _status_body_headers(error, request.path)
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


def error_response(
    request: HttpRequest, error: Exception, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The response to an error outside of DRF: a page in the admin, else JSON."""
    status, body, error_headers = _status_body_headers(error, request.path)
    all_headers = error_headers | dict(headers or {})
    if admin_pages.is_admin_request(request):
        return admin_pages.render(request, body, all_headers)
    return HttpResponse(
        ExactJSONRenderer().render(body),
        status=status,
        content_type="application/json",
        headers=all_headers,
    )


def with_error_responses(view: View) -> View:
    """Decorates a view outside of DRF: the exceptions of ERROR_SPECS become error responses."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except tuple(ERROR_SPECS) as error:
            return error_response(request, error)

    return wrapped


def _add_advice(error: Exception, view: Any) -> None:
    """Extend DRF's messages with what to do."""
    if isinstance(error, exceptions.NotAuthenticated):
        error.detail = exceptions.ErrorDetail(HOW_TO_AUTHENTICATE)
    elif isinstance(error, exceptions.MethodNotAllowed):
        allowed = [method for method in view.allowed_methods if method != "OPTIONS"]
        error.detail = exceptions.ErrorDetail(f"{error.detail} Use {' or '.join(allowed)}.")


def _status_body_headers(error: Exception, path: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    field_errors: dict[str, Any] | None = None
    if isinstance(error, exceptions.APIException):
        spec = drf_spec(error)
        message, field_errors = _drf_message(error)
    else:
        spec, message = spec_and_message(error)
    retry_after = getattr(error, "retry_after", None) or spec.retry_after
    headers = {}
    if retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
    return spec.status, _body(spec, message, path, retry_after, field_errors), headers


def _body(
    spec: ErrorSpec,
    message: str,
    path: str,
    retry_after: float | None,
    field_errors: dict[str, Any] | None,
) -> dict[str, Any]:
    now = timezone.now()
    body: dict[str, Any] = {
        "status": spec.status,
        "error": HTTPStatus(spec.status).phrase,
        "code": spec.code,
        "fault": spec.fault,
        "message": message,
        "path": path,
        "timestamp": now,
        "request_id": current_request_id.get(),
    }
    if retry_after is not None:
        body["retry_at"] = now + timedelta(seconds=retry_after)
    if field_errors is not None:
        body["errors"] = field_errors
    return body


def _drf_message(error: exceptions.APIException) -> tuple[str, dict[str, Any] | None]:
    """A sentence, and the messages by field if the error is about fields."""
    detail = error.detail
    if isinstance(detail, dict):
        fields = {name: _flatten(value) for name, value in detail.items()}
        first, messages = next(iter(fields.items()))
        sentence = messages[0] if isinstance(messages, list) else str(messages)
        return f"{first}: {sentence}" if first != "non_field_errors" else sentence, fields
    if isinstance(detail, list):
        return " ".join(str(message) for message in detail), None
    return str(detail), None


def _flatten(detail: Any) -> Any:
    """A list of sentences; those in nested objects begin with the names of their fields."""
    if isinstance(detail, dict):
        return [
            f"{name}: {message}" for name, nested in detail.items() for message in _flatten(nested)
        ]
    if isinstance(detail, list):
        return [
            message
            for item in detail
            for message in (_flatten(item) if isinstance(item, dict) else [item])
        ]
    return [str(detail)]
