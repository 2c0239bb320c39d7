"""Gives every request an id: in the answer's X-Request-Id, in errors, logs and the audit log."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from integrations.request_context import current_request_id

META_KEY = "gateway.request_id"  # no header's name has a dot
ACCEPTABLE = re.compile(r"[A-Za-z0-9_-]{8,64}")


class RequestIdMiddleware:
    """Takes the caller's X-Request-Id when it is harmless, else makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-Id", "")
        request_id = offered if ACCEPTABLE.fullmatch(offered) else uuid.uuid4().hex
        request.META[META_KEY] = request_id
        reset = current_request_id.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            current_request_id.reset(reset)
        response["X-Request-Id"] = request_id
        return response


class RequestIdFilter(logging.Filter):
    """Puts the id on log records; Django logs answers of 500 and above after the middleware."""

    def filter(self, record: logging.LogRecord) -> bool:
        meta = getattr(getattr(record, "request", None), "META", {})
        record.request_id = current_request_id.get() or meta.get(META_KEY) or "-"
        return True
