"""Hydrogen's objects in responses, for OpenAPI, and the form of every error."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, DateTimeField
from rest_framework import serializers

from nucleus import models
from nucleus.hydrogen import nested_serializers, renderers
from nucleus.hydrogen.fields import InstantField
from nucleus.models.bank_links import UnverifiedReason


class RecordSchema(serializers.ModelSerializer[Any]):
    """A record in a response; `Meta.fields` are names of columns, as the renderers write them.

    What the model does not say, such as the content of columns of JSON, subclasses declare.
    """

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        DateTimeField: InstantField,
    }

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The fields of the model, with ids for references and text for `metadata`."""
        fields: dict[str, serializers.Field[Any, Any, Any, Any]] = super().get_fields()
        columns = self.Meta.model._meta  # type: ignore[attr-defined]
        for name in fields.keys() - self._declared_fields.keys():
            if name.endswith("_id") and not isinstance(columns.get_field(name), CharField):
                fields[name] = serializers.UUIDField(allow_null=True)
            elif name == "metadata":
                fields[name] = serializers.DictField(
                    child=serializers.CharField(allow_blank=True), read_only=True
                )
        return fields


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
    transaction_type = serializers.CharField(
        help_text="Credit or Debit; what else a vendor named is neither income nor spending."
    )
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


class NucleusClient(RecordSchema):
    """A person (or firm) that the tenant serves.

    Not named `Client`: generated clients have a class of that name, which makes the calls.
    """

    address = nested_serializers.Address(many=True, read_only=True)
    employment = nested_serializers.Employment(read_only=True, allow_null=True)
    authorities = _strings()
    group = _strings()
    country_of_citizenship = _strings()

    class Meta:
        model = models.Client
        fields = read_only_fields = list(renderers.CLIENT)


class Business(RecordSchema):
    """A firm that the tenant serves."""

    address = nested_serializers.Address(many=True, read_only=True)
    ownership = nested_serializers.Ownership(many=True, read_only=True)

    class Meta:
        model = models.Business
        fields = read_only_fields = list(renderers.BUSINESS)


class Institution(RecordSchema):
    """A bank or another financial institution."""

    class Meta:
        model = models.Institution
        fields = read_only_fields = list(renderers.INSTITUTION)


class AggregationAccount(RecordSchema):
    """An account of a client or business at an institution."""

    is_classified = serializers.BooleanField(
        read_only=True,
        help_text="False where a vendor named a type of account that nobody knows: it is not known "
        "whether the balance is owned or owed, and no total contains it.",
    )

    class Meta:
        model = models.AggregationAccount
        fields = read_only_fields = list(renderers.ACCOUNT)


class AggregationAccountBalance(RecordSchema):
    """A balance of an account at one time."""

    class Meta:
        model = models.AggregationAccountBalance
        fields = read_only_fields = list(renderers.BALANCE)


class AggregationAccountHolding(RecordSchema):
    """A position in a security."""

    class Meta:
        model = models.AggregationAccountHolding
        fields = read_only_fields = list(renderers.HOLDING)


class AggregationAccountTransaction(RecordSchema):
    """A movement of money: one of bank_credit, cash and investment is set."""

    booking_date = serializers.DateField(
        allow_null=True,
        read_only=True,
        help_text="The day under which the bank books it, which may differ from the UTC day of "
        "`transaction_date`. Not a field of Hydrogen's.",
    )
    bank_credit = BankCredit(allow_null=True)
    cash = Cash(allow_null=True)
    investment = Investment(allow_null=True)

    class Meta:
        model = models.AggregationAccountTransaction
        fields = [*renderers.TRANSACTION, "bank_credit"]
        read_only_fields = list(renderers.TRANSACTION)


class BankLink(RecordSchema):
    """An account that payments can use. Numbers are masked without `account_numbers`."""

    bank_account_number = serializers.CharField()
    routing = serializers.CharField()
    routing_wire = serializers.CharField(allow_null=True)
    unverified_reason = serializers.CharField(
        allow_null=True,
        read_only=True,
        help_text="Why the link is not verified any more: "
        + ", ".join(f"`{reason}`" for reason in UnverifiedReason)
        + ". Null if it is, or never was.",
    )

    class Meta:
        model = models.BankLink
        fields = [*renderers.BANK_LINK, "bank_account_number", "routing", "routing_wire"]
        read_only_fields = list(renderers.BANK_LINK)


class Sort(serializers.Serializer[Any]):
    """How a page is ordered; `property` is in camelCase."""

    direction = serializers.ChoiceField(choices=["ASC", "DESC"])
    property = serializers.CharField()
    ignore_case = serializers.BooleanField()
    null_handling = serializers.CharField()
    ascending = serializers.BooleanField()
    descending = serializers.BooleanField()


def page_of(item: Any) -> type[serializers.Serializer[Any]]:
    """The serializer class of a page of `item`; its name is that of `item` after "Page"."""

    class Page(serializers.Serializer[Any]):
        content = item(many=True)
        total_elements = serializers.IntegerField(
            help_text="One more than are counted at most if `total_is_exact` is false."
        )
        total_is_exact = serializers.BooleanField(
            help_text="false: rows were not counted, because there are more than `LIST_WINDOW` "
            "(10,000) of them, or of those that had to be compared with the conditions."
        )
        total_pages = serializers.IntegerField()
        number = serializers.IntegerField(help_text="0-based.")
        size = serializers.IntegerField()
        number_of_elements = serializers.IntegerField()
        first = serializers.BooleanField()
        last = serializers.BooleanField()
        next_cursor = serializers.CharField(
            allow_null=True, help_text="With `cursor`: where to go on; null at the end."
        )
        sort = Sort(many=True)

    Page.__name__ = f"Page{item.__name__}"
    return Page


class Error(serializers.Serializer[Any]):
    """Every response that is not a success."""

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
    409: "Another request has just stored the same data; read it, or try again.",
    413: "The body is larger than 256 KiB.",
}
