"""Pages for load balancers and Prometheus, under any host name."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

METHODS = ("GET", "HEAD")


class MonitoringMiddleware:
    """Answers probes and scrapes before host names, TLS and sessions are looked at.

    They come from inside, by plain HTTP, to the address of a container or pod, which is not in
    ALLOWED_HOSTS. None of these pages uses the host name, and /metrics has a token of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        # Their modules need the models, which are loaded after the settings that name this one.
        from gateway import health, metrics  # noqa: PLC0415

        self.get_response = get_response
        self.pages = {
            "/health/live": health.live,
            "/health/ready": health.ready,
            "/metrics": metrics.metrics,
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        page = self.pages.get(request.path) if request.method in METHODS else None
        return page(request) if page else self.get_response(request)
