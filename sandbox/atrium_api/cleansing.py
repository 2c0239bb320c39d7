"""POST /transactions/cleanse_and_categorize."""

from __future__ import annotations

import math
from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.api.errors import ApiError
from sandbox.api.http import body, json_response
from sandbox.atrium_api.endpoint import endpoint
from sandbox.world.cleansing import cleanse

MAX_TRANSACTIONS = 100  # in one call
MAX_TEXT_LENGTH = 2000  # characters


def _cleanse(request: HttpRequest) -> HttpResponse:
    params = body(request).get("transactions")
    if not isinstance(params, list) or not params:
        raise ApiError(400, "A required parameter was missing: transactions.")
    if len(params) > MAX_TRANSACTIONS:
        raise ApiError(
            422, f"No more than {MAX_TRANSACTIONS} transactions are possible in one call."
        )
    return json_response({"transactions": [cleanse(_validate(item)) for item in params]})


def _validate(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise ApiError(400, "transactions must hold objects.")
    for name in ("description", "identifier"):
        if item.get(name) in (None, ""):
            raise ApiError(400, f"A required parameter was missing: {name}.")
        if not isinstance(item[name], str) or len(item[name]) > MAX_TEXT_LENGTH:
            raise ApiError(422, f"{name} must be a string of at most {MAX_TEXT_LENGTH} characters.")
    amount, code = item.get("amount"), item.get("merchant_category_code")
    if amount is not None and not _is_number(amount):
        raise ApiError(422, "amount must be a number.")
    if code is not None and (isinstance(code, bool) or not isinstance(code, int)):
        raise ApiError(422, "merchant_category_code must be an integer.")
    if item.get("type") not in (None, "CREDIT", "DEBIT"):
        raise ApiError(422, "type must be CREDIT or DEBIT.")
    return item


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


cleanse_and_categorize = endpoint(POST=_cleanse)
