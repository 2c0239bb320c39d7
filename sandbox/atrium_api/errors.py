"""MX's error body, for whatever went wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse


class ApiError(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def response(status: int, message: str) -> HttpResponse:
    return JsonResponse({"error": {"message": message}}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return response(400, "Bad request.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return response(404, "The requested resource was not found.")


def server_error(request: HttpRequest) -> HttpResponse:
    return response(500, "The sandbox has a defect; see its log.")
