"""POST /transactions/cleanse_and_categorize."""

from __future__ import annotations

import math
from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api.endpoint import answer, body, endpoint
from sandbox.atrium_api.errors import ApiError
from sandbox.world.cleansing import cleansed

MOST = 100  # in one call
LONGEST = 2000  # characters


def _cleanse(request: HttpRequest) -> HttpResponse:
    given = body(request).get("transactions")
    if not isinstance(given, list) or not given:
        raise ApiError(400, "A required parameter was missing: transactions.")
    if len(given) > MOST:
        raise ApiError(422, f"No more than {MOST} transactions are possible in one call.")
    return answer({"transactions": [cleansed(_checked(one)) for one in given]})


def _checked(one: Any) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise ApiError(400, "transactions must hold objects.")
    for name in ("description", "identifier"):
        if one.get(name) in (None, ""):
            raise ApiError(400, f"A required parameter was missing: {name}.")
        if not isinstance(one[name], str) or len(one[name]) > LONGEST:
            raise ApiError(422, f"{name} must be a string of at most {LONGEST} characters.")
    amount, code = one.get("amount"), one.get("merchant_category_code")
    if amount is not None and not _is_number(amount):
        raise ApiError(422, "amount must be a number.")
    if code is not None and (isinstance(code, bool) or not isinstance(code, int)):
        raise ApiError(422, "merchant_category_code must be an integer.")
    if one.get("type") not in (None, "CREDIT", "DEBIT"):
        raise ApiError(422, "type must be CREDIT or DEBIT.")
    return one


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


cleanse_and_categorize = endpoint(POST=_cleanse)
