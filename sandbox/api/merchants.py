"""Merchants with their logos, and where the shops are."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from sandbox.api.errors import ApiError
from sandbox.world.merchants import ALL, PLACES, Merchant
from sandbox.world.pictures import SHAPES, png

UPDATED = "2026-01-15T12:00:00Z"


def merchants(request: HttpRequest) -> list[dict[str, Any]]:
    return [render(request, merchant) for merchant in ALL.values()]


def render(request: HttpRequest, merchant: Merchant) -> dict[str, Any]:
    return {
        "created_at": UPDATED,
        "guid": merchant.guid,
        "logo_updated_at": UPDATED,
        "logo_url": logo_url(request, merchant),
        "name": merchant.name,
        "updated_at": UPDATED,
        "website_url": merchant.website_url,
    }


def logo_url(request: HttpRequest, merchant: Merchant) -> str:
    return request.build_absolute_uri(f"/logos/merchants/{merchant.guid}.png")


def get_merchant(request: HttpRequest, guid: str) -> dict[str, Any]:
    if guid not in ALL:
        raise ApiError(404, "The requested merchant was not found.")
    return render(request, ALL[guid])


def location(guid: str) -> dict[str, Any]:
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


def get_location(guid: str, merchant: str = "") -> dict[str, Any]:
    """A shop, of a certain merchant if one is named."""
    if guid not in PLACES or merchant not in ("", PLACES[guid].guid):
        raise ApiError(404, "The requested merchant location was not found.")
    return location(guid)


def logo(request: HttpRequest, guid: str) -> HttpResponse:
    """A merchant's logo, 100 by 100 pixels; for everybody, as MX serves them."""
    if guid not in ALL:
        raise Http404
    shapes, digest = list(SHAPES), bytes.fromhex(guid[-8:])
    color = "#" + "".join(f"{40 + value % 140:02x}" for value in digest[:3])
    return HttpResponse(png(shapes[digest[3] % len(shapes)], color), content_type="image/png")
