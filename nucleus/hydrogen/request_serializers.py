"""Hydrogen's objects in requests (docs/hydrogen-contract.md#objects).

`id` and dates are not among their fields: the gateway sets them. Unknown members are ignored and
reported. One serializer parses many records: `Body().run_validation(item)`; with `partial=True`
nothing is required.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    IntegerField,
    TextField,
    UUIDField,
)
from django.utils import timezone
from rest_framework import serializers

from nucleus import models
from nucleus.hydrogen import renderers
from nucleus.hydrogen.fields import (
    CoordinateField,
    DayField,
    DigitsField,
    FlagField,
    IdField,
    InstantField,
    LongTextField,
    MetadataField,
    NumberField,
    PlainTextField,
    RecordCurrencyField,
    WebUrlField,
    WholeNumberField,
)
from nucleus.hydrogen.json_format import instant, plain
from nucleus.hydrogen.unknown_names import READ_ONLY, BodySerializer, ModelBodySerializer
from nucleus.models.bank_links import ACCOUNT_NUMBER

TEXT_LENGTH, LONG_TEXT_LENGTH = 255, 2000
OPTIONAL: Any = {"required": False, "allow_null": True, "allow_blank": True}
MAPPING: dict[Any, Any] = {  # a column → the field that reads it
    **serializers.ModelSerializer.serializer_field_mapping,
    BigIntegerField: WholeNumberField,
    IntegerField: WholeNumberField,
    DateField: DayField,
    DecimalField: NumberField,
    BooleanField: FlagField,
    CharField: PlainTextField,
    TextField: LongTextField,
    DateTimeField: InstantField,
    UUIDField: IdField,
}


def writable_names(names: tuple[str, ...], *extra: str) -> list[str]:
    """Those of `names` that callers write, and `extra` ones that responses do not have."""
    return [*(name for name in names if name not in READ_ONLY), *extra]


def _id() -> IdField:
    return IdField(required=False)


def _text(length: int = TEXT_LENGTH) -> PlainTextField:
    kind = LongTextField if length == LONG_TEXT_LENGTH else PlainTextField
    return kind(max_length=length, required=False)


def _amount(*, required: bool = False, least: int | None = None) -> NumberField:
    return NumberField(24, 8, required=required, min_value=least)


class AccountNumberField(DigitsField, serializers.RegexField):
    """A whole account number: digits, letters, spaces, dots and dashes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(ACCOUNT_NUMBER, **kwargs)


class _Body(ModelBodySerializer):
    serializer_field_mapping = MAPPING


class AggregationAccountBody(_Body):
    """An account as it is written."""

    read_only_names = (*READ_ONLY, "merged_into_id")
    client_id = _id()
    business_id = _id()
    institution_id = _id()
    bank_link_id = _id()
    category = PlainTextField(max_length=TEXT_LENGTH, default="Other")
    account_number = AccountNumberField(
        max_length=64, required=False, help_text="Never returned; see `mask`."
    )
    currency_code = RecordCurrencyField(required=False, help_text="Default: the tenant's.")
    metadata = MetadataField(required=False)

    class Meta:
        model = models.AggregationAccount
        fields = [
            name
            for name in writable_names(renderers.ACCOUNT, "account_number")
            if name != "merged_into_id"
        ]


class AggregationAccountBalanceBody(_Body):
    """A balance as it is written."""

    aggregation_account_id = IdField()
    currency_code = RecordCurrencyField()
    balance_time_stamp = InstantField(default=timezone.now, help_text="Default: now.")
    metadata = MetadataField(required=False)

    class Meta:
        model = models.AggregationAccountBalance
        fields = writable_names(renderers.BALANCE)


class LocationBody(BodySerializer):
    """Where a transaction happened."""

    address_line1 = _text()
    address_line2 = _text()
    city = _text()
    state = _text()
    postalcode = _text(64)
    country = _text(64)
    latitude = CoordinateField(required=False)
    longitude = CoordinateField(required=False)


class BankCreditBody(BodySerializer):
    """Money in or out of a bank or credit account."""

    amount = _amount(required=True, least=0)
    transaction_type = PlainTextField(
        max_length=32, help_text="Credit or Debit: the direction; `amount` has no sign."
    )
    category = _text()
    subcategory = _text()
    description = _text(LONG_TEXT_LENGTH)
    memo = _text(LONG_TEXT_LENGTH)
    merchant = _text()
    merchant_id = _id()
    transaction_category_id = _id()
    location = LocationBody(required=False)


class CashBody(BodySerializer):
    """Cash in or out of an investment account."""

    amount = _amount(required=True)
    transaction_type = PlainTextField(max_length=32)
    name = _text()


class InvestmentBody(BodySerializer):
    """A trade."""

    price = _amount(required=True)
    quantity = _amount(required=True)
    trade_signal = PlainTextField(max_length=32)
    ticker = _text(64)
    ticker_name = _text()
    investment_type = _text(64)
    fee = _amount()
    value = _amount()
    settle_date = InstantField(required=False)


class AggregationAccountTransactionBody(_Body):
    """A transaction as it is written; exactly one of bank_credit, cash and investment."""

    aggregation_account_id = IdField()
    booking_date = DayField(required=False, help_text="Default: the day of `transaction_date`.")
    currency_code = RecordCurrencyField()
    bank_credit = BankCreditBody(required=False)
    cash = CashBody(required=False)
    investment = InvestmentBody(required=False)
    metadata = MetadataField(required=False)

    class Meta:
        model = models.AggregationAccountTransaction
        fields = writable_names(renderers.TRANSACTION, "bank_credit")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return bank_credit as columns of the row, the others as JSON."""
        parts = [name for name in ("bank_credit", "cash", "investment") if name in attrs]
        if len(parts) > 1 or not (parts or self.root.partial):
            message = "Give exactly one of bank_credit, cash and investment."
            raise serializers.ValidationError({"bank_credit": [message]})
        credit = attrs.pop("bank_credit", {})
        columns: dict[str, Any] = attrs | credit
        for name in {"cash", "investment"} & columns.keys():
            columns[name] = {field: _as_json(value) for field, value in columns[name].items()}
        return columns


class AggregationAccountHoldingBody(_Body):
    """A position as it is written."""

    aggregation_account_id = IdField()
    currency_code = RecordCurrencyField(required=False, help_text="Default: the account's.")
    metadata = MetadataField(required=False)

    class Meta:
        model = models.AggregationAccountHolding
        fields = writable_names(renderers.HOLDING)


class BankLinkBody(_Body):
    """A bank link as it is written. Its numbers are given once and never change."""

    client_id = _id()
    business_id = _id()
    institution_id = _id()
    # A change may repeat the empty one of a verified link; see nucleus.writes.rules.
    bank_account_holder = PlainTextField(max_length=TEXT_LENGTH, allow_blank=True)
    # Not a pattern: a change may repeat the masked form in which they are returned.
    bank_account_number = DigitsField(max_length=64)
    routing = DigitsField(max_length=64)
    routing_wire = DigitsField(max_length=64, required=False)
    currency_code = RecordCurrencyField(required=False, help_text="Default: the tenant's.")
    metadata = MetadataField(required=False)
    read_only_names = (*READ_ONLY, "unverified_reason")

    class Meta:
        model = models.BankLink
        fields = [
            *(name for name in writable_names(renderers.BANK_LINK) if name != "unverified_reason"),
            "bank_account_number", "routing", "routing_wire",
        ]  # fmt: skip


class InstitutionBody(_Body):
    """An institution as it is written."""

    code = _text()  # never empty, which would be one code that all share
    website_url = WebUrlField(absolute=False, **OPTIONAL)
    logo_url_small = WebUrlField(absolute=False, **OPTIONAL)
    logo_url_medium = WebUrlField(absolute=False, **OPTIONAL)

    class Meta:
        model = models.Institution
        fields = writable_names(renderers.INSTITUTION)
        validators: list[Any] = []  # the code is checked within the tenant


def _as_json(value: Any) -> Any:
    """The value for a JSON column: amounts as text, because floats would round them."""
    if isinstance(value, Decimal):
        return plain(value)
    return instant(value) if isinstance(value, datetime) else value
