"""Reading and writing of everything that belongs to a client, and of institutions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus import models
from nucleus.api import writing
from nucleus.api.damaged_rows import DamageTolerant
from nucleus.caller import caller_of
from nucleus.hydrogen import openapi_schemas, pages, renderers, request_serializers
from nucleus.hydrogen.examples import STORED, answered, changed, written
from nucleus.hydrogen.openapi_operations import documented
from nucleus.masking import mask
from nucleus.reads import currency_conversion
from nucleus.writes import records as rows


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record and how it is shown."""

    path: str
    model: Any
    name: str  # in OpenAPI operation ids
    words: str
    fields: tuple[str, ...]  # that may be ordered by and filtered on
    owner: str  # lookup of the client it belongs to
    render: Callable[[Any, Request | None], dict[str, Any]]  # for whom; None: no special scopes
    schema: Any
    body: type[serializers.Serializer]
    example: dict[str, Any]
    converts: bool = True  # takes currency_conversion


def _plainly(
    render: Callable[[Any], dict[str, Any]],
) -> Callable[[Any, Request | None], dict[str, Any]]:
    return lambda row, request: render(row)


def _bank_link(row: models.BankLink, request: Request | None) -> dict[str, Any]:
    reveal = request is not None and caller_of(request).has_scope("account_numbers")
    return renderers.bank_link(row, reveal_numbers=reveal)


CLIENT_ID = "2035f52d-4b5a-4c0e-9f0e-5a1f0c0b7a11"
ACCOUNT_ID = "7d0dd6a2-6f4f-4f2b-8a6f-6d1a1a0b6c01"
KINDS = (
    Kind(
        "aggregation_account",
        models.AggregationAccount,
        "AggregationAccount",
        "aggregation account",
        renderers.ACCOUNT,
        "client_id",
        _plainly(renderers.aggregation_account),
        openapi_schemas.AggregationAccount,
        request_serializers.AggregationAccountBody,
        {
            "client_id": CLIENT_ID,
            "account_name": "Checking",
            "institution_name": "MX Bank",
            "category": "Bank Account",
            "currency_code": "USD",
            "is_manual": True,
        },
        converts=False,
    ),
    Kind(
        "aggregation_account_balance",
        models.AggregationAccountBalance,
        "AggregationAccountBalance",
        "balance",
        renderers.BALANCE,
        "aggregation_account__client_id",
        _plainly(renderers.balance),
        openapi_schemas.AggregationAccountBalance,
        request_serializers.AggregationAccountBalanceBody,
        {
            "aggregation_account_id": ACCOUNT_ID,
            "currency_code": "USD",
            "balance_time_stamp": "2026-11-20T18:00:00.000+0000",
            "balance": 1000.23,
        },
    ),
    Kind(
        "aggregation_account_transaction",
        models.AggregationAccountTransaction,
        "AggregationAccountTransaction",
        "transaction",
        (*renderers.TRANSACTION, *(name for name in renderers.BANK_CREDIT if name != "location")),
        "aggregation_account__client_id",
        _plainly(renderers.transaction),
        openapi_schemas.AggregationAccountTransaction,
        request_serializers.AggregationAccountTransactionBody,
        {
            "aggregation_account_id": ACCOUNT_ID,
            "transaction_date": "2026-11-20T00:00:00.000+0000",
            "currency_code": "USD",
            "status": "posted",
            "bank_credit": {"amount": 30.89, "transaction_type": "Debit", "merchant": "Market"},
        },
    ),
    Kind(
        "aggregation_account_holding",
        models.AggregationAccountHolding,
        "AggregationAccountHolding",
        "holding",
        renderers.HOLDING,
        "aggregation_account__client_id",
        _plainly(renderers.holding),
        openapi_schemas.AggregationAccountHolding,
        request_serializers.AggregationAccountHoldingBody,
        {
            "aggregation_account_id": ACCOUNT_ID,
            "currency_code": "USD",
            "shares": 6,
            "ticker": "DEF",
        },
    ),
    Kind(
        "bank_link",
        models.BankLink,
        "BankLink",
        "bank link",
        renderers.BANK_LINK,
        "client_id",
        _bank_link,
        openapi_schemas.BankLink,
        request_serializers.BankLinkBody,
        {
            "client_id": CLIENT_ID,
            "bank_account_holder": "Ada Demo",
            "bank_account_number": "100012345678",
            "routing": "688999900",
            "institution_name": "MX Bank",
        },
    ),
    Kind(
        "resource/institution",
        models.Institution,
        "Institution",
        "institution",
        renderers.INSTITUTION,
        "",
        _plainly(renderers.institution),
        openapi_schemas.Institution,
        request_serializers.InstitutionBody,
        {"name": "Savings Bank of Demo", "code": "demo_savings"},
        converts=False,
    ),
)


def visible(request: Request, kind: Kind) -> QuerySet[Any]:
    """The rows this caller may see."""
    caller = caller_of(request)
    if kind.model is models.Institution:
        return writing.writer_of(request).reach(kind.model)
    rows: QuerySet[Any] = kind.model.objects.for_tenant(caller.tenant)
    if caller.client is not None:
        rows = rows.filter(**{kind.owner: caller.client.id})
    return rows


def _rendering(kind: Kind, request: Request) -> Callable[[Any], dict[str, Any]]:
    """How the request wants rows shown."""

    def render(row: Any) -> dict[str, Any]:
        return kind.render(row, request)

    return currency_conversion.converting(request, render) if kind.converts else render


def example(kind: Kind) -> dict[str, Any]:
    """What the kind's example is answered as, out of a row that is stored nowhere."""
    row = kind.model(**STORED, **kind.body().run_validation(kind.example))
    if isinstance(row, models.BankLink):
        row.mask = mask(row.bank_account_number)
    return kind.render(row, None)


EXAMPLES = {kind.path: example(kind) for kind in KINDS}


def views(kind: Kind) -> tuple[type[APIView], type[APIView]]:
    """The views of a kind: the list, and one by id."""
    conversion = [currency_conversion.PARAMETER] if kind.converts else []
    answer = answered(EXAMPLES[kind.path])

    tags = [kind.words.capitalize()]
    a_kind = f"an {kind.words}" if kind.words[0] in "ai" else f"a {kind.words}"

    class Several(APIView):
        @documented(
            operation_id=f"createNucleus{kind.name}",
            summary=f"Create {a_kind}",
            tags=tags,
            request=kind.body,
            response=kind.schema,
            examples=[written(kind.words.capitalize(), kind.example), answer],
        )
        def post(self, request: Request) -> Response:
            item = writing.read(kind.body(), request.data)
            (outcome,) = rows.create(
                writer=writing.writer_of(request), model=kind.model, items=[item], whole=False
            )
            return Response(kind.render(writing.single(outcome, kind.words), request))

        @documented(
            operation_id=f"list{kind.name}",
            summary=f"List {kind.words}s",
            tags=tags,
            parameters=[*pages.parameters(kind.model, kind.fields), *conversion],
            response=openapi_schemas.page_of(kind.schema),
        )
        def get(self, request: Request) -> Response:
            render = DamageTolerant(_rendering(kind, request))
            page = pages.page(
                visible(request, kind), request.query_params, fields=kind.fields, render=render
            )
            render.check()
            return Response(page)

    class One(APIView):
        @documented(
            operation_id=f"get{kind.name}",
            summary=f"Read one {kind.words}",
            tags=tags,
            parameters=conversion,
            response=kind.schema,
            examples=[answer],
        )
        def get(self, request: Request, record_id: UUID) -> Response:
            row = visible(request, kind).filter(id=record_id).first()
            if row is None:
                raise NotFound(f"There is no {kind.words} {record_id}.")
            return Response(_rendering(kind, request)(row))

        @documented(
            operation_id=f"updateNucleus{kind.name}",
            summary=f"Change {a_kind}",
            description="Only what is given changes; null is the same as left out.",
            tags=tags,
            request=kind.body(partial=True),
            response=kind.schema,
            examples=[written("One of its members", changed(kind.example)), answer],
        )
        def put(self, request: Request, record_id: UUID) -> Response:
            item = writing.read(kind.body(partial=True), request.data)
            (outcome,) = rows.update(
                writer=writing.writer_of(request),
                rows=visible(request, kind),
                items=[(record_id, item)],
                whole=False,
            )
            return Response(kind.render(writing.single(outcome, kind.words), request))

        @documented(
            operation_id=f"deleteNucleus{kind.name}",
            summary=f"Delete {a_kind}",
            description="It is gone afterwards: doing it again is a 404.",
            tags=tags,
            response=None,
            status=204,
        )
        def delete(self, request: Request, record_id: UUID) -> Response:
            (outcome,) = rows.delete(
                writer=writing.writer_of(request), rows=visible(request, kind), ids=[record_id]
            )
            writing.single(outcome, kind.words)
            return Response(status=204)

    return Several, One
