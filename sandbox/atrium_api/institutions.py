"""/institutions: search, filters, what each asks for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api.endpoint import endpoint, json_response, list_page, optional_flag
from sandbox.atrium_api.errors import ApiError
from sandbox.world.institutions import INSTITUTIONS, Institution, credential_fields

FILTERS = (
    "supports_account_identification", "supports_account_statement",
    "supports_account_verification", "supports_oauth", "supports_transaction_history",
)  # fmt: skip


def render(request: HttpRequest, institution: Institution) -> dict[str, Any]:
    """An institution as MX describes it."""
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


def _list(request: HttpRequest) -> HttpResponse:
    name = request.GET.get("name", "").strip().casefold()
    rows = [
        render(request, institution)
        for institution in INSTITUTIONS.values()
        if name in institution.name.casefold()
    ]
    for name in FILTERS:
        expected = optional_flag(request.GET.dict(), name)
        if expected is not None:
            rows = [row for row in rows if row[name] is expected]
    return list_page(request, "institutions", rows)


def _read(request: HttpRequest, code: str) -> HttpResponse:
    return json_response({"institution": render(request, get_institution(code))})


def _credentials(request: HttpRequest, code: str) -> HttpResponse:
    return list_page(request, "credentials", credential_fields(get_institution(code).code))


institutions = endpoint(GET=_list)
institution = endpoint(GET=_read)
institution_credentials = endpoint(GET=_credentials)
