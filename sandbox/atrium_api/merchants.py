"""/merchants with their logos, and where the shops are."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from sandbox.atrium_api.endpoint import endpoint, json_response, list_page
from sandbox.atrium_api.errors import ApiError
from sandbox.world.merchants import ALL, PLACES, Merchant
from sandbox.world.pictures import SHAPES, png

UPDATED = "2026-01-15T12:00:00Z"


def _render(request: HttpRequest, merchant: Merchant) -> dict[str, Any]:
    return {
        "created_at": UPDATED,
        "guid": merchant.guid,
        "logo_updated_at": UPDATED,
        "logo_url": request.build_absolute_uri(f"/logos/merchants/{merchant.guid}.png"),
        "name": merchant.name,
        "updated_at": UPDATED,
        "website_url": merchant.website_url,
    }


def _list(request: HttpRequest) -> HttpResponse:
    return list_page(
        request, "merchants", list(ALL.values()), lambda merchant: _render(request, merchant)
    )


def _read(request: HttpRequest, guid: str) -> HttpResponse:
    if guid not in ALL:
        raise ApiError(404, "The requested merchant was not found.")
    return json_response({"merchant": _render(request, ALL[guid])})


def logo(request: HttpRequest, guid: str) -> HttpResponse:
    """A merchant's logo, 100 by 100 pixels; for everybody, as MX serves them."""
    if guid not in ALL:
        raise Http404
    shapes, digest = list(SHAPES), bytes.fromhex(guid[-8:])
    color = "#" + "".join(f"{40 + value % 140:02x}" for value in digest[:3])
    return HttpResponse(png(shapes[digest[3] % len(shapes)], color), content_type="image/png")


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
    return json_response({"merchant_location": _location(guid)})


def _locations(request: HttpRequest, merchant: str) -> HttpResponse:
    locations = [_location(guid) for guid, shop in PLACES.items() if shop.guid == merchant]
    return list_page(request, "merchant_locations", locations)


merchants = endpoint(GET=_list)
merchant = endpoint(GET=_read)
merchant_locations = endpoint(GET=_locations)
merchant_location = endpoint(GET=_read_location)
