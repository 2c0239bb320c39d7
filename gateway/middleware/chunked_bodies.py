"""Support for `Transfer-Encoding: chunked`, with which Django reads bodies as empty."""

from __future__ import annotations

import logging
from collections.abc import Callable
from io import BytesIO

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from gateway.errors import responses
from integrations.flows.errors import FlowError

logger = logging.getLogger(__name__)


class ChunkedBodyMiddleware:
    """Reads a chunked body, up to the usual limit, and sets its length for Django.

    WSGI has no length for it, and Django reads only bodies with a length. `wsgi.input_terminated`
    says that the server ends its input where the body ends, as gunicorn does; without it the end of
    the body is unknown.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
        if is_chunked and request.META.get("wsgi.input_terminated"):
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE  # one byte more leads to a 413
            try:
                content = request.META["wsgi.input"].read(limit + 1)
            except Exception as error:  # noqa: BLE001 - each WSGI server raises its own
                logger.warning("A chunked body could not be read: %s", type(error).__name__)
                return responses.error_response(
                    request, FlowError("The chunks of the body cannot be read.")
                )
            request.META["CONTENT_LENGTH"] = str(len(content))
            request._stream = BytesIO(content)
        return self.get_response(request)
