"""/resource/currency, /country and /state: ISO codes, as unpaged arrays like Hydrogen's."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus import iso_codes
from nucleus.hydrogen.openapi_operations import documented
from nucleus.hydrogen.unset_values import is_unset

TAG = ["Resource"]
DEFAULT_COUNTRY = "US"


class Currency(serializers.Serializer[Any]):
    """A currency of ISO 4217."""

    id = serializers.UUIDField()
    alphabetic_code = serializers.CharField()
    currency = serializers.CharField(help_text="Its English name.")
    numeric_code = serializers.CharField(help_text="Three digits.")


class Country(serializers.Serializer[Any]):
    """A country or territory of ISO 3166-1."""

    alpha2_code = serializers.CharField()
    alpha3_code = serializers.CharField()
    country = serializers.CharField(help_text="Its English short name.")
    numeric_code = serializers.IntegerField()
    latitude = serializers.FloatField(allow_null=True, help_text="Always null: not stored here.")
    longitude = serializers.FloatField(allow_null=True, help_text="Always null: not stored here.")


class State(serializers.Serializer[Any]):
    """A subdivision of ISO 3166-2: a state, province or district, for example."""

    abbreviation = serializers.CharField()
    country_code = serializers.CharField()
    state = serializers.CharField()


class CurrenciesView(APIView):
    """Currencies."""

    @documented(
        operation_id="listCurrency",
        summary="List currencies",
        description="All currencies of ISO 4217 that are in use, in one array.",
        tags=TAG,
        response=Currency(many=True),
    )
    def get(self, request: Request) -> Response:
        return Response([asdict(row) for row in iso_codes.currencies()])


class CountriesView(APIView):
    """Countries."""

    @documented(
        operation_id="listCountry",
        summary="List countries",
        description="All countries and territories of ISO 3166-1, in one array.",
        tags=TAG,
        response=Country(many=True),
    )
    def get(self, request: Request) -> Response:
        no_position = {"latitude": None, "longitude": None}
        return Response([asdict(row) | no_position for row in iso_codes.countries()])


class StatesView(APIView):
    """States of a country."""

    @documented(
        operation_id="listState",
        summary="List the states of a country",
        description="All subdivisions of one country (ISO 3166-2) in one array; empty for a "
        "country that has none.",
        tags=TAG,
        parameters=[
            OpenApiParameter(
                "country_code",
                {"type": "string", "pattern": "^[A-Za-z]{2}$", "default": DEFAULT_COUNTRY},
                description="Two-letter code of ISO 3166-1.",
            )
        ],
        response=State(many=True),
    )
    def get(self, request: Request) -> Response:
        parameter = request.query_params.get("country_code", "").strip()
        if is_unset(parameter):
            parameter = DEFAULT_COUNTRY
        code = parameter.upper()
        if not parameter.isascii() or not iso_codes.is_country(code):  # "ß" in capitals is "SS"
            message = "Use a two-letter country code such as US; GET /resource/country lists them."
            raise ValidationError({"country_code": [message]})
        return Response([asdict(row) for row in iso_codes.states(code)])
