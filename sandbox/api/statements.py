"""Statements of a member."""

from __future__ import annotations

from django.db.models import QuerySet

from sandbox.api.errors import ApiError
from sandbox.world.models import Member, Statement


def of_member(member: Member) -> QuerySet[Statement]:
    """The newest first, without their files."""
    return Statement.objects.filter(member=member).order_by("-month", "id").defer("pdf")


def get_statement(member: Member, guid: str) -> Statement:
    row = Statement.objects.filter(guid=guid, member=member).first()
    if row is None:
        raise ApiError(404, "The requested statement was not found.")
    return row
