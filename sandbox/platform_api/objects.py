"""Accounts, transactions and holdings in MX Platform's words, made of the stored texts."""

from __future__ import annotations

from collections.abc import Collection
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.http import HttpRequest

from sandbox.api.merchants import logo_url
from sandbox.platform_api import fields
from sandbox.platform_api.fields import fill
from sandbox.world import categories
from sandbox.world.ids import guid
from sandbox.world.institutions import INSTITUTIONS
from sandbox.world.json_format import load_exact
from sandbox.world.merchants import ALL, PLACES

INCLUDES = ("merchants", "geolocations", "classifications", "repeating_transactions")
CENT = Decimal("0.01")
# top_level_category → class of the movement
CLASSES = {"Income": "Income", "Transfer": "Transfer", "Investments": "Investment",
           "Fees & Charges": "Fees"}  # fmt: skip
Row = tuple[str, str | None, str | None]  # text, and the partner's keys of user and member


def account(row: Row, *, is_2011: bool) -> dict[str, Any]:
    text, user_id, member_id = row
    values: dict[str, Any] = load_exact(text)
    values |= {
        "imported_at": values["updated_at"],
        "institution_guid": INSTITUTIONS[values["institution_code"]].guid,
        "member_id": member_id,
        "user_id": user_id,
    }
    if isinstance(values["death_benefit"], Decimal):
        values["death_benefit"] = int(values["death_benefit"])
    filled = fill(fields.ACCOUNT, values)
    if is_2011:
        filled |= {name: values.get(name) for name in fields.ACCOUNT_2011}
        filled |= {f"feed_{name}": values.get(name) for name in fields.FED}
        filled |= {
            f"{name}_set_by": fields.BY_FEED if values.get(name) is not None else None
            for name in fields.SET_BY
        }
    return filled


def transaction(request: HttpRequest, row: Row, includes: Collection[str] = ()) -> dict[str, Any]:
    text, user_id, _ = row
    values: dict[str, Any] = load_exact(text)
    category = values["category"]
    values |= {
        "category_guid": categories.category_guid(category) if category else None,
        "is_international": bool(values["is_international"]),
        "is_recurring": values["is_subscription"],
        "user_id": user_id,
    }
    filled = fill(fields.TRANSACTION, values)
    for name in includes:
        key, value = _included(request, name, values)
        filled[key] = value
    return filled


def _included(request: HttpRequest, name: str, values: dict[str, Any]) -> tuple[str, Any]:
    merchant = ALL.get(values["merchant_guid"])
    if name == "merchants":
        described = merchant and {
            "guid": merchant.guid,
            "logo_url": logo_url(request, merchant),
            "name": merchant.name,
            "website_url": merchant.website_url,
        }
        return "merchant", described
    if name == "geolocations":
        place = {"city": "Testville", "country": "US", "postal code": "84000", "state": "UT"}
        return "geolocation", place if values["merchant_location_guid"] in PLACES else None
    if name == "classifications":
        kind = CLASSES.get(values["top_level_category"], "Spend")
        return "classification", {"guid": guid("MNC", kind), "parent_class": kind}
    is_repeating = values["is_subscription"] and merchant is not None
    return "repeating_transaction", (is_repeating and merchant and {
        "guid": guid("RPT", values["account_guid"], merchant.guid),
        "repeating_transaction_type": "SUBSCRIPTION",
    }) or None  # fmt: skip


def holding(text: str) -> dict[str, Any]:
    """A position; its price is what a share of its market value is."""
    values: dict[str, Any] = load_exact(text)
    shares, value, cost = values["shares"], values["market_value"], values["cost_basis"]
    values |= {
        "current_price": _price(value, shares),
        "current_price_as_of": values["updated_at"],
        "quantity": None if shares is None else str(shares),
        "total_ugl_amount": value - cost if _are_numbers(value, cost) else None,
    }
    return fill(fields.HOLDING, values)


def _price(value: Any, shares: Any) -> Decimal | None:
    if not _are_numbers(value, shares) or not shares:
        return None
    return (Decimal(value) / Decimal(shares)).quantize(CENT, ROUND_HALF_UP)


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(row, int | Decimal) and not isinstance(row, bool) for row in values)
