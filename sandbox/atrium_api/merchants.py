"""/merchants with their logos, and where the shops are."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from sandbox.atrium_api.endpoint import answer, endpoint, list_page
from sandbox.atrium_api.errors import ApiError
from sandbox.world.merchants import ALL, PLACES, Merchant
from sandbox.world.pictures import SHAPES, png

UPDATED = "2026-01-15T12:00:00Z"


def _rendered(request: HttpRequest, one: Merchant) -> dict[str, Any]:
    return {
        "created_at": UPDATED,
        "guid": one.guid,
        "logo_updated_at": UPDATED,
        "logo_url": request.build_absolute_uri(f"/logos/merchants/{one.guid}.png"),
        "name": one.name,
        "updated_at": UPDATED,
        "website_url": one.website_url,
    }


def _list(request: HttpRequest) -> HttpResponse:
    return list_page(request, "merchants", list(ALL.values()), lambda one: _rendered(request, one))


def _read(request: HttpRequest, guid: str) -> HttpResponse:
    if guid not in ALL:
        raise ApiError(404, "The requested merchant was not found.")
    return answer({"merchant": _rendered(request, ALL[guid])})


def logo(request: HttpRequest, guid: str) -> HttpResponse:
    """A merchant's logo, 100 by 100 pixels; for everybody, as MX serves them."""
    if guid not in ALL:
        raise Http404
    shapes, lot = list(SHAPES), bytes.fromhex(guid[-8:])
    color = "#" + "".join(f"{40 + one % 140:02x}" for one in lot[:3])
    return HttpResponse(png(shapes[lot[3] % len(shapes)], color), content_type="image/png")


def _location(guid: str) -> dict[str, Any]:
    return {
        "city": "Testville",
        "country": "US",
        "guid": guid,
        "latitude": 40.3916,
        "longitude": -111.8508,
        "merchant_guid": PLACES[guid].guid,
        "phone_number": "(555) 555-0100",
        "postal_code": "84000",
        "state": "UT",
        "store_number": None,
        "street_address": "1 Test Street",
        "updated_at": UPDATED,
    }


def _read_location(request: HttpRequest, guid: str, merchant: str = "") -> HttpResponse:
    if guid not in PLACES or merchant not in ("", PLACES[guid].guid):
        raise ApiError(404, "The requested merchant location was not found.")
    return answer({"merchant_location": _location(guid)})


def _locations(request: HttpRequest, merchant: str) -> HttpResponse:
    found = [_location(guid) for guid, one in PLACES.items() if one.guid == merchant]
    return list_page(request, "merchant_locations", found)


merchants = endpoint(GET=_list)
merchant = endpoint(GET=_read)
merchant_locations = endpoint(GET=_locations)
merchant_location = endpoint(GET=_read_location)
