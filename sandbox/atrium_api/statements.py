"""Statements, and their PDF files."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from sandbox.api.http import prerendered_object
from sandbox.api.members import find_member
from sandbox.api.statements import get_statement, of_member
from sandbox.atrium_api.endpoint import endpoint, payload_page


def _list(request: HttpRequest, user: str, member: str) -> HttpResponse:
    return payload_page(request, "statements", of_member(find_member(user, member)))


def _read(request: HttpRequest, user: str, member: str, statement: str) -> HttpResponse:
    return prerendered_object(
        "statement", get_statement(find_member(user, member), statement).payload
    )


def _download(request: HttpRequest, user: str, member: str, statement: str) -> HttpResponse:
    row = get_statement(find_member(user, member), statement)
    return HttpResponse(bytes(row.pdf), content_type="application/pdf")


statements = endpoint(GET=_list)
statement = endpoint(GET=_read)
statement_pdf = endpoint(GET=_download)
