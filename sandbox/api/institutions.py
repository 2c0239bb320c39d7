"""Institutions: what they are, and what they support."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from sandbox.api.errors import ApiError
from sandbox.api.http import optional_flag
from sandbox.world.institutions import INSTITUTIONS, Institution

FILTERS = (
    "supports_account_identification", "supports_account_statement",
    "supports_account_verification", "supports_oauth", "supports_transaction_history",
)  # fmt: skip


def render(request: HttpRequest, institution: Institution) -> dict[str, Any]:
    """An institution as every API describes it."""
    logo = request.build_absolute_uri(f"/md/connect/logos/{institution.code}.svg")
    return {
        "code": institution.code,
        "medium_logo_url": logo,
        "name": institution.name,
        "small_logo_url": logo,
        "supports_account_identification": institution.supports_identification,
        "supports_account_statement": institution.supports_statements,
        "supports_account_verification": institution.supports_verification,
        "supports_oauth": institution.supports_oauth,
        "supports_transaction_history": institution.supports_history,
        "url": institution.url,
    }


def get_institution(code: str) -> Institution:
    if code not in INSTITUTIONS:
        raise ApiError(404, "The requested institution was not found.")
    return INSTITUTIONS[code]


def matching(request: HttpRequest) -> list[Institution]:
    """Those that the query names, and that support what it asks for."""
    name = request.GET.get("name", "").strip().casefold()
    rows = [row for row in INSTITUTIONS.values() if name in row.name.casefold()]
    for feature in FILTERS:
        expected = optional_flag(request.GET.dict(), feature)
        if expected is not None:
            rows = [row for row in rows if render(request, row)[feature] is expected]
    return rows
