"""Statements, and their PDF files."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api import members
from sandbox.atrium_api.endpoint import endpoint, payload_page, prerendered_object
from sandbox.atrium_api.errors import ApiError
from sandbox.world.models import Statement


def _list(request: HttpRequest, user: str, member: str) -> HttpResponse:
    rows = Statement.objects.filter(member=members.get_member(user, member))
    return payload_page(request, "statements", rows.order_by("-month", "id").defer("pdf"))


def _get_statement(user: str, member: str, statement: str) -> Statement:
    row = Statement.objects.filter(guid=statement, member=members.get_member(user, member)).first()
    if row is None:
        raise ApiError(404, "The requested statement was not found.")
    return row


def _read(request: HttpRequest, user: str, member: str, statement: str) -> HttpResponse:
    return prerendered_object("statement", _get_statement(user, member, statement).payload)


def _download(request: HttpRequest, user: str, member: str, statement: str) -> HttpResponse:
    row = _get_statement(user, member, statement)
    return HttpResponse(bytes(row.pdf), content_type="application/pdf")


statements = endpoint(GET=_list)
statement = endpoint(GET=_read)
statement_pdf = endpoint(GET=_download)
