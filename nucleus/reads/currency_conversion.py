"""The `currency_conversion` parameter: responses with their amounts in another currency.

Amounts in a unit that is no currency of ISO 4217, and amounts that alone lack an exchange rate,
are not converted and say why; all others are.

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

from nucleus import iso_codes
from nucleus.caller import caller_of
from nucleus.hydrogen.renderers import Body
from nucleus.models import CurrencyRate

NAME = "currency_conversion"
PARAMETER = OpenApiParameter(
    NAME,
    {"type": "string", "pattern": "^[A-Za-z]{3}$"},
    description="ISO 4217 code that amounts and currency_code are converted to. Needs exchange "
    "rates (`POST /nucleus/v1/resource/fx_rate`); a 400 names one that is missing. Rows that alone "
    "cannot be converted stay as they are; `metadata.currency_conversion` says why.",
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
        """`body` with its amounts and currency_code converted; its `metadata` says why if not.

        Raises ValidationError as `obstacle` does.
        """
        code = body["currency_code"]
        rate = self._rate(code)
        if rate is None:
            return body | {"metadata": body.get("metadata", {}) | {NAME: self.obstacle(code)}}
        parts = {name: _times(body[name], rate) for name in PARTS if body.get(name)}
        return _times(body, rate) | parts | {"currency_code": self.target}

    def obstacle(self, currency_code: str | None) -> str | None:
        """Why amounts in this currency stay in it although others are converted; None if not.

        Raises ValidationError where there is no rate from the tenant's currency to the target
        either, so that nothing else can be converted. Metals and other units never raise: nobody
        may have a rate for them.
        """
        if self._rate(currency_code) is not None:
            return None
        source = (currency_code or self.home).upper()
        if not iso_codes.is_currency(source):
            return f"Not converted: {currency_code} is not a currency of ISO 4217."
        message = (
            f"There is no exchange rate from {source} to {self.target}, nor one of both with "
            f"{self.home}. Add it with POST /nucleus/v1/resource/fx_rate; "
            "staff: in the admin under Currency rates, or with manage.py currency_rates."
        )
        if iso_codes.is_money(source) and self._leg(self.home, self.target) is None:
            raise _refusal(message)
        return f"Not converted. {message}"

    def _rate(self, currency_code: str | None) -> Decimal | None:
        """How many units of the target currency one unit of this one is; None without a rate."""
        source = (currency_code or self.home).upper()
        rate = self._leg(source, self.target)
        if rate is not None:
            return rate
        to_home, from_home = self._leg(source, self.home), self._leg(self.home, self.target)
        if to_home is None or from_home is None:
            return None
        return EXACT.multiply(to_home, from_home)

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
    if not iso_codes.is_currency(code):
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
