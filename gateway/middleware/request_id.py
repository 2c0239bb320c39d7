"""Request ids, for the X-Request-Id response header, error bodies, logs and the audit log."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from integrations.request_context import current_request_id

META_KEY = "gateway.request_id"  # cannot collide with a header, whose names have no dots
VALID_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


class RequestIdMiddleware:
    """Uses the caller's X-Request-Id if it is valid, and generates an id otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        header = request.headers.get("X-Request-Id", "")
        request_id = header if VALID_ID.fullmatch(header) else uuid.uuid4().hex
        request.META[META_KEY] = request_id
        reset = current_request_id.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            current_request_id.reset(reset)
        response["X-Request-Id"] = request_id
        return response


class RequestIdFilter(logging.Filter):
    """Adds the id to log records. Django logs responses of 500 and above after the middleware."""

    def filter(self, record: logging.LogRecord) -> bool:
        meta = getattr(getattr(record, "request", None), "META", {})
        record.request_id = current_request_id.get() or meta.get(META_KEY) or "-"
        return True
