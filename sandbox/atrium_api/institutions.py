"""/institutions: search, filters, what each asks for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api.endpoint import answer, endpoint, list_page, optional_flag
from sandbox.atrium_api.errors import ApiError
from sandbox.world.institutions import INSTITUTIONS, Institution, credentials

FILTERS = (
    "supports_account_identification", "supports_account_statement",
    "supports_account_verification", "supports_oauth", "supports_transaction_history",
)  # fmt: skip


def rendered(request: HttpRequest, one: Institution) -> dict[str, Any]:
    """An institution as MX describes it."""
    logo = request.build_absolute_uri(f"/md/connect/logos/{one.code}.svg")
    return {
        "code": one.code,
        "medium_logo_url": logo,
        "name": one.name,
        "small_logo_url": logo,
        "supports_account_identification": one.supports_identification,
        "supports_account_statement": one.supports_statements,
        "supports_account_verification": one.supports_verification,
        "supports_oauth": one.supports_oauth,
        "supports_transaction_history": one.supports_history,
        "url": one.url,
    }


def found(code: str) -> Institution:
    if code not in INSTITUTIONS:
        raise ApiError(404, "The requested institution was not found.")
    return INSTITUTIONS[code]


def _list(request: HttpRequest) -> HttpResponse:
    name = request.GET.get("name", "").strip().casefold()
    rows = [rendered(request, one) for one in INSTITUTIONS.values() if name in one.name.casefold()]
    for name in FILTERS:
        wanted = optional_flag(request.GET.dict(), name)
        if wanted is not None:
            rows = [row for row in rows if row[name] is wanted]
    return list_page(request, "institutions", rows)


def _read(request: HttpRequest, code: str) -> HttpResponse:
    return answer({"institution": rendered(request, found(code))})


def _credentials(request: HttpRequest, code: str) -> HttpResponse:
    return list_page(request, "credentials", credentials(found(code).code))


institutions = endpoint(GET=_list)
institution = endpoint(GET=_read)
institution_credentials = endpoint(GET=_credentials)
