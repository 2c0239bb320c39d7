"""/institutions: search, filters, what each asks for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from sandbox.api.http import json_response
from sandbox.api.institutions import get_institution, matching, render
from sandbox.atrium_api.endpoint import endpoint, list_page
from sandbox.world.institutions import credential_fields


def _list(request: HttpRequest) -> HttpResponse:
    rows = [render(request, institution) for institution in matching(request)]
    return list_page(request, "institutions", rows)


def _read(request: HttpRequest, code: str) -> HttpResponse:
    return json_response({"institution": render(request, get_institution(code))})


def _credentials(request: HttpRequest, code: str) -> HttpResponse:
    return list_page(request, "credentials", credential_fields(get_institution(code).code))


institutions = endpoint(GET=_list)
institution = endpoint(GET=_read)
institution_credentials = endpoint(GET=_credentials)
