"""The `currency_conversion` parameter: responses with their amounts in another currency.

Filters and the order of rows use the stored amounts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from django.db.models import Q
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from nucleus.caller import caller_of
from nucleus.hydrogen.renderers import Body
from nucleus.models import CurrencyRate

NAME = "currency_conversion"
PARAMETER = OpenApiParameter(
    NAME,
    {"type": "string", "pattern": "^[A-Za-z]{3}$"},
    description="ISO 4217 code that amounts and currency_code are converted to. Needs exchange "
    "rates (`POST /nucleus/v1/resource/fx_rate`); a 400 names one that is missing.",
)
STEP = Decimal("1e-8")  # amounts are rounded to it, half to even
EXACT = Context(prec=120)  # enough for any amount by any two rates
MONEY = (
    "balance", "available_balance", "available_credit", "amount", "price", "cost_basis", "fee",
    "value",
)  # fmt: skip
PARTS = ("bank_credit", "cash", "investment")  # of a transaction, with money of their own


@dataclass(frozen=True, slots=True)
class Conversion:
    """Conversion to the currency `target`.

    `home` is the tenant's own currency: rows without a code are in it, and it connects two
    currencies that have no rate between them.
    """

    target: str
    home: str
    rates: dict[tuple[str, str], Decimal]

    def body(self, body: Body) -> Body:
        """`body` with its amounts and currency_code converted. Raises ValidationError."""
        rate = self._rate((body["currency_code"] or self.home).upper())
        parts = {name: _times(body[name], rate) for name in PARTS if body.get(name)}
        return _times(body, rate) | parts | {"currency_code": self.target}

    def _rate(self, source: str) -> Decimal:
        """How many units of the target currency one unit of `source` is."""
        rate = self._leg(source, self.target)
        if rate is None:
            to_home, from_home = self._leg(source, self.home), self._leg(self.home, self.target)
            if to_home is None or from_home is None:
                raise _refusal(
                    f"There is no exchange rate from {source} to {self.target}, nor one of both "
                    f"with {self.home}. Add it with POST /nucleus/v1/resource/fx_rate; "
                    "staff: in the admin under Currency rates, or with manage.py currency_rates."
                )
            rate = EXACT.multiply(to_home, from_home)
        return rate

    def _leg(self, source: str, target: str) -> Decimal | None:
        if source == target:
            return Decimal(1)
        rate = self.rates.get((source, target))
        inverse = self.rates.get((target, source))
        return rate or (EXACT.divide(Decimal(1), inverse) if inverse else None)


def requested_conversion(request: Request) -> Conversion | None:
    """The conversion that the request asks for, if any. Raises ValidationError."""
    code = request.query_params.get(NAME, "").strip().upper()
    if code in ("", "NONE"):  # SDKs send None for an unset one
        return None
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise _refusal("Use an ISO 4217 code such as USD.")
    tenant = caller_of(request).tenant
    codes = [code, tenant.currency_code]
    rows = CurrencyRate.objects.for_tenant(tenant).filter(
        Q(currency_code_from__in=codes) | Q(currency_code_to__in=codes)
    )
    rates = rows.values_list("currency_code_from", "currency_code_to", "exchange_rate")
    return Conversion(
        target=code,
        home=tenant.currency_code,
        rates={(source, target): rate for source, target, rate in rates},
    )


def converting(request: Request, render: Callable[[Any], Body]) -> Callable[[Any], Body]:
    """`render`, with amounts in the currency that the request asks for."""
    conversion = requested_conversion(request)
    if conversion is None:
        return render
    return lambda row: conversion.body(render(row))


def _times(amounts: Body, rate: Decimal) -> Body:
    return amounts | {name: _converted(amounts[name], rate) for name in MONEY if name in amounts}


def _converted(value: Any, rate: Decimal) -> Any:
    try:
        amount = Decimal(str(value))  # cash and investment are stored as JSON
    except InvalidOperation:
        return value  # null
    return EXACT.multiply(amount, rate).quantize(STEP, context=EXACT)


def _refusal(message: str) -> ValidationError:
    return ValidationError({NAME: [message]})
