"""Hydrogen's objects for OpenAPI, and the shape of every error."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, DateTimeField
from rest_framework import serializers

from nucleus import models
from nucleus.hydrogen import nested_serializers, renderers
from nucleus.hydrogen.fields import InstantField


class _Rendered(serializers.ModelSerializer[Any]):
    """Types as wire.json writes them."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        DateTimeField: InstantField,
    }


def _described(
    model: type, names: tuple[str, ...], name: str, **typed: serializers.Field[Any, Any, Any, Any]
) -> type[serializers.Serializer[Any]]:
    """A read-only serializer class with the model's types for those fields.

    Args:
        typed: what the model does not say: the content of columns of JSON.
    """
    meta = model._meta  # type: ignore[attr-defined]
    ids = {
        field: serializers.UUIDField(allow_null=True)
        for field in names
        if field.endswith("_id") and not isinstance(meta.get_field(field), CharField)
    }
    if "metadata" in names:
        typed["metadata"] = serializers.DictField(
            child=serializers.CharField(allow_blank=True), read_only=True
        )
    described = {"model": model, "fields": list(names), "read_only_fields": list(names)}
    attributes = {"Meta": type("Meta", (), described), **ids, **typed, "__doc__": model.__doc__}
    return type(name, (_Rendered,), attributes)


def _strings() -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), read_only=True)


class Location(serializers.Serializer[Any]):
    """Where a transaction happened."""

    address_line1 = serializers.CharField(required=False)
    address_line2 = serializers.CharField(required=False)
    city = serializers.CharField(required=False)
    state = serializers.CharField(required=False)
    postalcode = serializers.CharField(required=False)
    country = serializers.CharField(required=False)
    latitude = serializers.FloatField(required=False)
    longitude = serializers.FloatField(required=False)


class BankCredit(serializers.Serializer[Any]):
    """Money in or out of a bank or credit account; `amount` is never negative."""

    amount = serializers.FloatField()
    transaction_type = serializers.CharField(help_text="Credit or Debit.")
    category = serializers.CharField(allow_null=True)
    subcategory = serializers.CharField(allow_null=True)
    description = serializers.CharField(allow_null=True)
    memo = serializers.CharField(allow_null=True)
    merchant = serializers.CharField(allow_null=True)
    merchant_id = serializers.UUIDField(allow_null=True)
    transaction_category_id = serializers.UUIDField(allow_null=True)
    location = Location(allow_null=True)


class Cash(serializers.Serializer[Any]):
    """Cash in or out of an investment account."""

    amount = serializers.FloatField()
    transaction_type = serializers.CharField()
    name = serializers.CharField(required=False)


class Investment(serializers.Serializer[Any]):
    """A trade."""

    price = serializers.FloatField()
    quantity = serializers.FloatField()
    trade_signal = serializers.CharField()
    ticker = serializers.CharField(required=False)
    ticker_name = serializers.CharField(required=False)
    investment_type = serializers.CharField(required=False)
    fee = serializers.FloatField(required=False)
    value = serializers.FloatField(required=False)
    settle_date = InstantField(required=False)


# Generated clients have a `Client` of their own, which makes the calls.
NucleusClient = _described(
    models.Client,
    renderers.CLIENT,
    "NucleusClient",
    address=nested_serializers.Address(many=True, read_only=True),
    employment=nested_serializers.Employment(read_only=True, allow_null=True),
    authorities=_strings(),
    group=_strings(),
    country_of_citizenship=_strings(),
)
Business = _described(
    models.Business,
    renderers.BUSINESS,
    "Business",
    address=nested_serializers.Address(many=True, read_only=True),
    ownership=nested_serializers.Ownership(many=True, read_only=True),
)
Institution = _described(models.Institution, renderers.INSTITUTION, "Institution")
AggregationAccount = _described(models.AggregationAccount, renderers.ACCOUNT, "AggregationAccount")
AggregationAccountBalance = _described(
    models.AggregationAccountBalance, renderers.BALANCE, "AggregationAccountBalance"
)
AggregationAccountHolding = _described(
    models.AggregationAccountHolding, renderers.HOLDING, "AggregationAccountHolding"
)
_Transaction: Any = _described(
    models.AggregationAccountTransaction, renderers.TRANSACTION, "_Transaction"
)
_BankLink: Any = _described(models.BankLink, renderers.BANK_LINK, "_BankLink")


class AggregationAccountTransaction(_Transaction):
    """A movement of money: one of bank_credit, cash and investment is set."""

    bank_credit = BankCredit(allow_null=True)
    cash = Cash(allow_null=True)
    investment = Investment(allow_null=True)

    class Meta(_Transaction.Meta):
        fields = [*_Transaction.Meta.fields, "bank_credit"]


class BankLink(_BankLink):
    """An account that payments can use. Numbers are masked without `account_numbers`."""

    bank_account_number = serializers.CharField()
    routing = serializers.CharField()
    routing_wire = serializers.CharField(allow_null=True)

    class Meta(_BankLink.Meta):
        fields = [*_BankLink.Meta.fields, "bank_account_number", "routing", "routing_wire"]


class Sort(serializers.Serializer[Any]):
    """How a page is ordered; `property` is in camelCase."""

    direction = serializers.ChoiceField(choices=["ASC", "DESC"])
    property = serializers.CharField()
    ignore_case = serializers.BooleanField()
    null_handling = serializers.CharField()
    ascending = serializers.BooleanField()
    descending = serializers.BooleanField()


def page_of(content: Any) -> type[serializers.Serializer[Any]]:
    """The page object of `content`."""
    fields: dict[str, Any] = {
        "content": content(many=True),
        "total_elements": serializers.IntegerField(),
        "total_pages": serializers.IntegerField(),
        "number": serializers.IntegerField(help_text="0-based."),
        "size": serializers.IntegerField(),
        "number_of_elements": serializers.IntegerField(),
        "first": serializers.BooleanField(),
        "last": serializers.BooleanField(),
        "sort": Sort(many=True),
    }
    return type(f"Page{content.__name__}", (serializers.Serializer,), fields)


class Error(serializers.Serializer[Any]):
    """Every answer that is not a success."""

    status = serializers.IntegerField()
    error = serializers.CharField()
    code = serializers.CharField(help_text="Stable; meant for programs.")
    fault = serializers.ChoiceField(choices=["caller", "vendor", "configuration", "gateway"])
    message = serializers.CharField(help_text="What was wrong and what to do.")
    path = serializers.CharField()
    timestamp = InstantField()
    request_id = serializers.CharField()
    retry_at = InstantField(required=False)
    errors = serializers.DictField(  # type: ignore[assignment]
        required=False, child=serializers.ListField(child=serializers.CharField())
    )


ERRORS = {
    400: "The request is not acceptable; `message` and `errors` say what to change.",
    401: "No token, or one that is expired or unknown.",
    403: "The token's scope does not allow this.",
    404: "There is no such object for this tenant.",
    429: "The application has reached its rate limit; `Retry-After` says when to go on.",
    503: "The database is not answering; `Retry-After` says when to try again.",
}
WRITE_ERRORS = {
    409: "Another request has just stored the same thing; read it, or try again.",
    413: "The body is larger than 256 KiB.",
}
