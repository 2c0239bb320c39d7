"""/merchants with their logos, and where the shops are."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from sandbox.api import merchants as shared
from sandbox.api.http import json_response
from sandbox.atrium_api.endpoint import endpoint, list_page
from sandbox.world.merchants import PLACES


def _list(request: HttpRequest) -> HttpResponse:
    return list_page(request, "merchants", shared.merchants(request))


def _read(request: HttpRequest, guid: str) -> HttpResponse:
    return json_response({"merchant": shared.get_merchant(request, guid)})


def _read_location(request: HttpRequest, guid: str, merchant: str = "") -> HttpResponse:
    return json_response({"merchant_location": shared.get_location(guid, merchant)})


def _locations(request: HttpRequest, merchant: str) -> HttpResponse:
    locations = [shared.location(guid) for guid, shop in PLACES.items() if shop.guid == merchant]
    return list_page(request, "merchant_locations", locations)


merchants = endpoint(GET=_list)
merchant = endpoint(GET=_read)
merchant_locations = endpoint(GET=_locations)
merchant_location = endpoint(GET=_read_location)
