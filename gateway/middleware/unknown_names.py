"""`Warning: 299` with the fields and query parameters of a request that were ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from nucleus.hydrogen import unknown_names

HEADER = "Warning"


class UnknownNamesMiddleware:
    """Collects ignored names while the view runs, and adds the header to the response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with unknown_names.collecting() as collected:
            response = self.get_response(request)
        if warning := collected.warning():
            response[HEADER] = warning
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Report query parameters that the operation does not document."""
        method = getattr(getattr(view, "cls", None), str(request.method).lower(), None)
        names = getattr(method, "query_names", None)
        if names is not None:
            unknown_names.report_parameters(request.GET, names)
