"""`Warning: 299`: names the fields and query parameters of a request that were ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from nucleus.hydrogen import unknown_names

HEADER = "Warning"


class UnknownNamesMiddleware:
    """Collects the names while the view runs, and puts them into the answer's header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with unknown_names.collecting() as collected:
            response = self.get_response(request)
        if warning := collected.warning():
            response[HEADER] = warning
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Compare the query with what the operation documents."""
        method = getattr(getattr(view, "cls", None), str(request.method).lower(), None)
        names = getattr(method, "query_names", None)
        if names is not None:
            unknown_names.report_parameters(request.GET, names)
