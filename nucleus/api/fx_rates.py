"""/resource/fx_rate: the tenant's exchange rates, which `currency_conversion` uses."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from django.db import models
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.api import writing
from nucleus.caller import caller_of
from nucleus.hydrogen import filters, pages
from nucleus.hydrogen.examples import example_request, example_response
from nucleus.hydrogen.fields import CurrencyField, InstantField, NumberField
from nucleus.hydrogen.openapi_operations import documented
from nucleus.hydrogen.renderers import Body
from nucleus.hydrogen.unknown_names import BodySerializer
from nucleus.models import CurrencyRate
from nucleus.writes import currency_rates
from nucleus.writes.refusals import Item

TAG = ["Resource"]
EXAMPLE = {
    "currency_code_from": "EUR",
    "currency_code_to": "USD",
    "date": "2026-11-20T00:00:00.000+0000",
    "exchange_rate": 1.0842,
}
FILTERED: dict[str, models.Field[Any, Any]] = {
    "currency_code_from": models.CharField(),
    "currency_code_to": models.CharField(),
    "date": models.DateTimeField(),
    "exchange_rate": models.DecimalField(max_digits=18, decimal_places=10),
}


class FxRate(BodySerializer):
    """One unit of `currency_code_from` is `exchange_rate` units of `currency_code_to`."""

    currency_code_from = CurrencyField()
    currency_code_to = CurrencyField()
    date = InstantField(help_text="The day the rate is of, in UTC.")
    exchange_rate = NumberField(18, 10, min_value=Decimal("1e-10"))


class FxRatesView(APIView):
    """Exchange rates."""

    @documented(
        operation_id="listFxRate",
        summary="List exchange rates",
        description="The tenant's exchange rates, one for each pair of currencies, in one array.",
        tags=TAG,
        parameters=[pages.filter_parameter("currency_code_from==EUR")],
        response=FxRate(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = CurrencyRate.objects.for_tenant(caller_of(request).tenant)
        bodies = map(_render, rows.order_by("currency_code_from", "currency_code_to"))
        text = filters.text_of(request.query_params)
        return Response(filters.matching(bodies, text, fields=FILTERED))

    @documented(
        operation_id="createFxRateBulk",
        summary="Store exchange rates",
        description=(
            f"At most {writing.MAX_ITEMS} rates, returned in the order of the request. A rate "
            "replaces the stored one of its pair of currencies, so the call may be repeated. If "
            "one is invalid, none is stored, and `errors` names the invalid ones by their index, "
            "from 0. `currency_conversion` uses the new rates at once. Needs a token of the tenant."
        ),
        tags=TAG,
        request=FxRate(many=True, max_length=writing.MAX_ITEMS),  # type: ignore[call-arg]
        response=FxRate(many=True),
        examples=[example_request("One", EXAMPLE), example_response(EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        caller = caller_of(request)
        if caller.client is not None:
            raise PermissionDenied(
                "This token is confined to one client; exchange rates are the tenant's."
            )
        items = [_parse_rate(item) for item in writing.items_of(request)]
        outcomes = currency_rates.checked_rates(tenant=caller.tenant, items=items)
        rates = [row for row in outcomes if isinstance(row, CurrencyRate)]
        if len(rates) < len(outcomes):
            raise writing.rejection(outcomes)
        currency_rates.store_currency_rates(rates)
        return Response([_render(row) for row in rates])


def _parse_rate(item: object) -> Item:
    """The columns of one rate, or why they cannot be used."""
    columns = writing.parse_item(FxRate(), item)
    if isinstance(columns, dict):
        columns["date"] = columns["date"].date()
    return columns


def _render(row: CurrencyRate) -> Body:
    return {
        "currency_code_from": row.currency_code_from,
        "currency_code_to": row.currency_code_to,
        "date": datetime.combine(row.date, time(), UTC),
        "exchange_rate": row.exchange_rate,
    }
