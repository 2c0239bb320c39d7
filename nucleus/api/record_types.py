"""The types of records that tenants write themselves, and what each looks like in the API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from nucleus import models
from nucleus.caller import Caller, caller_of
from nucleus.hydrogen import openapi_schemas, renderers, request_serializers
from nucleus.hydrogen.examples import STORED
from nucleus.hydrogen.renderers import Body
from nucleus.masking import mask
from nucleus.models.ledger import BANK_CREDIT
from nucleus.reads import visibility

Row = TypeVar("Row", bound=Model)
CLIENT_ID = "2035f52d-4b5a-4c0e-9f0e-5a1f0c0b7a11"
ACCOUNT_ID = "7d0dd6a2-6f4f-4f2b-8a6f-6d1a1a0b6c01"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType(Generic[Row]):
    """One type of record: its table, its path and how it is read, written and described.

    Attributes:
        path: below /nucleus/v1, without a slash at either end.
        name: as it appears in OpenAPI operation ids.
        label: the singular noun for messages and documentation.
        fields: the names that lists can be ordered by and filtered on.
        columns: those that `serialize` reads. Empty: all, of a model instance, which decrypts.
        serialize: a row without anything that needs a special scope.
        schema: the serializer class that describes a response in OpenAPI.
        body: the serializer class of a request.
        example: the body of a POST.
        converts_currency: whether reads accept `currency_conversion`.
    """

    path: str
    model: type[Row]
    name: str
    label: str
    fields: tuple[str, ...]
    columns: tuple[str, ...] = ()
    serialize: Callable[[Row], Body]
    schema: Any
    body: type[serializers.Serializer[Any]]
    example: Body
    converts_currency: bool = True

    @property
    def label_with_article(self) -> str:
        return f"an {self.label}" if self.label[0] in "ai" else f"a {self.label}"

    @property
    def tags(self) -> list[str]:
        return [self.label.capitalize()]

    def render(self, row: Row, caller: Caller | None = None) -> Body:
        """The row as the caller may see it; without a caller, as one without special scopes."""
        return self.serialize(row)

    def visible_rows(self, request: Request) -> QuerySet[Row]:
        """The rows that the caller may see."""
        rows: QuerySet[Row] = visibility.visible_rows(caller_of(request), self.model)
        return rows

    def find(self, request: Request, record_id: UUID) -> Any:
        """The visible row with that id, for `render`; None if there is none."""
        if self.columns:
            return visibility.visible_row(caller_of(request), self.model, self.columns, record_id)
        return self.visible_rows(request).filter(id=record_id).first()

    def example_response(self) -> Body:
        """The response to `example`, made from a row that is not stored."""
        row = self.model(**STORED, **self.body().run_validation(self.example))
        if isinstance(row, models.BankLink):
            row.mask = mask(row.bank_account_number)
        return self.render(row)


class BankLinkType(RecordType[models.BankLink]):
    """Bank links: only the scope `account_numbers` reveals their numbers."""

    __slots__ = ()

    def render(self, row: models.BankLink, caller: Caller | None = None) -> Body:
        reveal_numbers = caller is not None and caller.has_scope("account_numbers")
        return renderers.bank_link(row, reveal_numbers=reveal_numbers)


AGGREGATION_ACCOUNT = RecordType(
    path="aggregation_account",
    model=models.AggregationAccount,
    name="AggregationAccount",
    label="aggregation account",
    fields=renderers.ACCOUNT,
    columns=renderers.ACCOUNT,
    serialize=renderers.aggregation_account,
    schema=openapi_schemas.AggregationAccount,
    body=request_serializers.AggregationAccountBody,
    example={
        "client_id": CLIENT_ID,
        "account_name": "Checking",
        "institution_name": "MX Bank",
        "category": "Bank Account",
        "currency_code": "USD",
        "is_manual": True,
    },
    converts_currency=False,
)
BALANCE = RecordType(
    path="aggregation_account_balance",
    model=models.AggregationAccountBalance,
    name="AggregationAccountBalance",
    label="balance",
    fields=renderers.BALANCE,
    columns=renderers.BALANCE,
    serialize=renderers.balance,
    schema=openapi_schemas.AggregationAccountBalance,
    body=request_serializers.AggregationAccountBalanceBody,
    example={
        "aggregation_account_id": ACCOUNT_ID,
        "currency_code": "USD",
        "balance_time_stamp": "2026-11-20T18:00:00.000+0000",
        "balance": 1000.23,
    },
)
TRANSACTION = RecordType(
    path="aggregation_account_transaction",
    model=models.AggregationAccountTransaction,
    name="AggregationAccountTransaction",
    label="transaction",
    fields=(
        *renderers.TRANSACTION,
        *(name for name in BANK_CREDIT if name != "location"),
    ),
    columns=(*renderers.TRANSACTION, *BANK_CREDIT),
    serialize=renderers.transaction,
    schema=openapi_schemas.AggregationAccountTransaction,
    body=request_serializers.AggregationAccountTransactionBody,
    example={
        "aggregation_account_id": ACCOUNT_ID,
        "transaction_date": "2026-11-20T00:00:00.000+0000",
        "currency_code": "USD",
        "status": "posted",
        "bank_credit": {"amount": 30.89, "transaction_type": "Debit", "merchant": "Market"},
    },
)
HOLDING = RecordType(
    path="aggregation_account_holding",
    model=models.AggregationAccountHolding,
    name="AggregationAccountHolding",
    label="holding",
    fields=renderers.HOLDING,
    columns=renderers.HOLDING,
    serialize=renderers.holding,
    schema=openapi_schemas.AggregationAccountHolding,
    body=request_serializers.AggregationAccountHoldingBody,
    example={
        "aggregation_account_id": ACCOUNT_ID,
        "currency_code": "USD",
        "shares": 6,
        "ticker": "DEF",
    },
)
BANK_LINK = BankLinkType(
    path="bank_link",
    model=models.BankLink,
    name="BankLink",
    label="bank link",
    fields=renderers.BANK_LINK,
    serialize=renderers.bank_link,
    schema=openapi_schemas.BankLink,
    body=request_serializers.BankLinkBody,
    example={
        "client_id": CLIENT_ID,
        "bank_account_holder": "Demo Client",
        "bank_account_number": "100012345678",
        "routing": "688999900",
        "institution_name": "MX Bank",
    },
)
INSTITUTION = RecordType(
    path="resource/institution",
    model=models.Institution,
    name="Institution",
    label="institution",
    fields=renderers.INSTITUTION,
    columns=renderers.INSTITUTION,
    serialize=renderers.institution,
    schema=openapi_schemas.Institution,
    body=request_serializers.InstitutionBody,
    example={"name": "Savings Bank of Demo", "code": "demo_savings"},
    converts_currency=False,
)
RECORD_TYPES: tuple[RecordType[Any], ...] = (
    AGGREGATION_ACCOUNT, BALANCE, TRANSACTION, HOLDING, BANK_LINK, INSTITUTION,
)  # fmt: skip
EXAMPLE_RESPONSES: dict[str, Body] = {
    record_type.path: record_type.example_response() for record_type in RECORD_TYPES
}
