"""Statements, and their PDF files."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from sandbox.api.members import find_member
from sandbox.api.statements import get_statement, of_member
from sandbox.platform_api.endpoint import answer, endpoint, page_of
from sandbox.world.json_format import load_exact


def _list(request: HttpRequest, user: str, member: str) -> HttpResponse:
    rows = of_member(find_member(user, member)).values_list("payload", flat=True)
    return page_of(request, "statements", rows, lambda page: [load_exact(text) for text in page])


def _read(request: HttpRequest, user: str, member: str, statement: str) -> HttpResponse:
    row = get_statement(find_member(user, member), statement)
    return answer({"statement": load_exact(row.payload)})


def _download(request: HttpRequest, user: str, member: str, statement: str) -> HttpResponse:
    row = get_statement(find_member(user, member), statement)
    return HttpResponse(bytes(row.pdf), content_type="application/pdf")


statements = endpoint(GET=_list)
statement = endpoint(GET=_read)
statement_pdf = endpoint(GET=_download)
