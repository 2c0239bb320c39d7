"""Reads what a view has left of a body, so that the connection can be used again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

logger = logging.getLogger(__name__)
MAX_BODIES = 16  # of the size that is accepted; a connection with a longer body is closed
CHUNK = 64 * 1024


class UnreadBodyMiddleware:
    """Reads the rest of a body that was refused, or not needed, before it was read.

    gunicorn closes a connection on which more than 64 KiB are left, although its response has
    announced keep-alive; then the client's next request fails. Servers that do not end the input
    where the body ends (`wsgi.input_terminated`) are left alone: reading on would block.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.META.get("wsgi.input_terminated"):
            _read_rest(request.META["wsgi.input"])
        return response


def _read_rest(body: Any) -> None:
    remaining = MAX_BODIES * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    try:
        while remaining > 0 and (content := body.read(CHUNK)):
            remaining -= len(content)
    except Exception as error:  # noqa: BLE001 - each WSGI server raises its own; the client is gone
        logger.info("The rest of a body could not be read: %s", type(error).__name__)
