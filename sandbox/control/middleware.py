"""Marks every response as the sandbox's, and injects waiting faults."""

from __future__ import annotations

import time

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from sandbox.api import errors
from sandbox.api.dialects import is_platform
from sandbox.control import fault_injection
from sandbox.control.faults import FAULTS

EXEMPT = ("/_control", "/healthz")
WITH_OWN_TIME = ("timeout", "lag")  # do something else with latency_seconds than wait
PLATFORM_URLS = "sandbox.platform_api.root_urls"


def _is_own_host(request: HttpRequest) -> bool:
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True


def _misdirected(request: HttpRequest) -> HttpResponse:
    message = "Open the sandbox as 127.0.0.1, or name this host in SANDBOX_ALLOWED_HOSTS."
    return errors.response(request, 421, message)


class SandboxMiddleware:
    """The outermost middleware: it sees every response."""

    def __init__(self, get_response: fault_injection.Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_platform(request):
            request.urlconf = PLATFORM_URLS
        response = self._respond(request) if _is_own_host(request) else _misdirected(request)
        response["X-Sandbox"] = "mx"
        return response

    def _respond(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(EXEMPT):
            return self.get_response(request)
        if FAULTS.is_hidden(request.path):
            return errors.response(request, 404, "The requested resource was not found.")
        fault = FAULTS.take(request)
        if fault is None:
            return self.get_response(request)
        if fault.kind not in WITH_OWN_TIME:
            time.sleep(fault.latency_seconds)
        response = fault_injection.apply_fault(request, fault, self.get_response)
        for name, value in fault.headers.items():
            response[name] = value
        return response
