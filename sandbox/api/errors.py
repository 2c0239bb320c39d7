"""MX's error bodies, for whatever went wrong."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse

from sandbox.api.dialects import is_platform

WORDS = {row.value: row.phrase.lower().replace(" ", "_").replace("-", "_") for row in HTTPStatus}


class ApiError(Exception):
    """An answer that is not a success.

    Args:
        kind: MX Platform's word for the kind of error; empty: that of the status.
    """

    def __init__(self, status: int, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind


def response(request: HttpRequest, status: int, message: str, kind: str = "") -> HttpResponse:
    """The error in the form of the API that the request speaks."""
    error = {"message": message}
    if is_platform(request):
        word = WORDS.get(status, "error")
        error |= {"status": word, "type": kind or f"{word}_error"}
    return JsonResponse({"error": error}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return response(request, 400, "Bad request.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = "Invalid route" if is_platform(request) else "The requested resource was not found."
    return response(request, 404, text)


def server_error(request: HttpRequest) -> HttpResponse:
    return response(request, 500, "The sandbox has a defect; see its log.")
