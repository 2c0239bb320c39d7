"""/institutions: search, filters, what each asks for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.api import dialects
from sandbox.api.institutions import get_institution, matching
from sandbox.api.institutions import render as describe
from sandbox.api.merchants import UPDATED
from sandbox.platform_api import fields
from sandbox.platform_api.endpoint import answer, endpoint, page_of
from sandbox.platform_api.fields import fill
from sandbox.world.institutions import INSTITUTIONS, Institution, credential_fields

MAX_SIZE = 100  # rows of a page of institutions
COUNTRY = "US"


def render(request: HttpRequest, institution: Institution) -> dict[str, Any]:
    described = describe(request, institution)
    filled = fill(fields.INSTITUTION, described)
    if not dialects.is_2025(request):
        return filled | {name: described[name] for name in fields.INSTITUTION_2011}
    return filled | {
        "created_at": UPDATED,
        "guid": institution.guid,
        "is_hidden": False,
        "supported_products": _products(institution),
    }


def _products(institution: Institution) -> list[str]:
    supports = {
        "account_verification": institution.supports_verification,
        "identity_verification": institution.supports_identification,
        "transactions": True,
        "transaction_history": institution.supports_history,
        "statements": institution.supports_statements,
        "investments": True,
    }
    return [name for name, is_supported in supports.items() if is_supported]


def _list(request: HttpRequest) -> HttpResponse:
    rows, query = matching(request), request.GET
    countries = query.getlist("iso_country_code") + query.getlist("iso_country_code[]")
    if countries and COUNTRY not in countries:
        rows = []
    products = set(query.getlist("supported_products") + query.getlist("supported_products[]"))
    rows = [row for row in rows if products <= set(_products(row))]
    return page_of(
        request,
        "institutions",
        rows,
        lambda page: [render(request, row) for row in page],
        max_size=MAX_SIZE,
    )


def _find(request: HttpRequest, code: str) -> Institution:
    by_guid = {row.guid: row for row in INSTITUTIONS.values()} if dialects.is_2025(request) else {}
    return by_guid.get(code) or get_institution(code)


def _read(request: HttpRequest, code: str) -> HttpResponse:
    return answer({"institution": render(request, get_institution(code))})


def credentials(code: str) -> list[dict[str, Any]]:
    """The fields of the institution's login."""
    return [field | {"field_type": field["type"]} for field in credential_fields(code)]


def _credentials(request: HttpRequest, code: str) -> HttpResponse:
    return page_of(request, "credentials", credentials(_find(request, code).code))


institutions = endpoint(GET=_list)
institution = endpoint(GET=_read)
institution_credentials = endpoint(GET=_credentials)
