"""Reading and listing of everything that belongs to a client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus import models
from nucleus.api.documentation import documented
from nucleus.wire import currencies, objects, pages, schemas
from nucleus.wire.caller import caller_of


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record and how it is shown."""

    path: str
    model: Any
    name: str  # in OpenAPI operation ids
    words: str
    fields: tuple[str, ...]  # that may be ordered by and filtered on
    owner: str  # lookup of the client it belongs to
    render: Callable[[Any, Request], dict[str, Any]]
    schema: Any
    converts: bool = True  # takes currency_conversion


def _plainly(render: Callable[[Any], dict[str, Any]]) -> Callable[[Any, Request], dict[str, Any]]:
    return lambda row, request: render(row)


def _bank_link(row: models.BankLink, request: Request) -> dict[str, Any]:
    reveal = caller_of(request).has_scope("account_numbers")
    return objects.bank_link(row, reveal_numbers=reveal)


KINDS = (
    Kind(
        "aggregation_account",
        models.AggregationAccount,
        "AggregationAccount",
        "aggregation account",
        objects.ACCOUNT,
        "client_id",
        _plainly(objects.aggregation_account),
        schemas.AggregationAccount,
        converts=False,
    ),
    Kind(
        "aggregation_account_balance",
        models.AggregationAccountBalance,
        "AggregationAccountBalance",
        "balance",
        objects.BALANCE,
        "aggregation_account__client_id",
        _plainly(objects.balance),
        schemas.AggregationAccountBalance,
    ),
    Kind(
        "aggregation_account_transaction",
        models.AggregationAccountTransaction,
        "AggregationAccountTransaction",
        "transaction",
        (*objects.TRANSACTION, *(name for name in objects.BANK_CREDIT if name != "location")),
        "aggregation_account__client_id",
        _plainly(objects.transaction),
        schemas.AggregationAccountTransaction,
    ),
    Kind(
        "aggregation_account_holding",
        models.AggregationAccountHolding,
        "AggregationAccountHolding",
        "holding",
        objects.HOLDING,
        "aggregation_account__client_id",
        _plainly(objects.holding),
        schemas.AggregationAccountHolding,
    ),
    Kind(
        "bank_link",
        models.BankLink,
        "BankLink",
        "bank link",
        objects.BANK_LINK,
        "client_id",
        _bank_link,
        schemas.BankLink,
    ),
)


def visible(request: Request, kind: Kind) -> QuerySet[Any]:
    """The rows this caller may see."""
    caller = caller_of(request)
    rows: QuerySet[Any] = kind.model.objects.for_tenant(caller.tenant)
    if caller.client is not None:
        rows = rows.filter(**{kind.owner: caller.client.id})
    return rows


def _rendering(kind: Kind, request: Request) -> Callable[[Any], dict[str, Any]]:
    """How the request wants rows shown."""

    def render(row: Any) -> dict[str, Any]:
        return kind.render(row, request)

    return currencies.converting(request, render) if kind.converts else render


def views(kind: Kind) -> tuple[type[APIView], type[APIView]]:
    """The views of a kind: the list, and one by id."""
    conversion = [currencies.PARAMETER] if kind.converts else []

    class Several(APIView):
        @documented(
            operation_id=f"list{kind.name}",
            summary=f"List {kind.words}s",
            tags=[kind.words.capitalize()],
            parameters=[*pages.PARAMETERS, *conversion],
            response=schemas.page_of(kind.schema),
        )
        def get(self, request: Request) -> Response:
            return Response(
                pages.page(
                    visible(request, kind),
                    request.query_params,
                    fields=kind.fields,
                    render=_rendering(kind, request),
                )
            )

    class One(APIView):
        @documented(
            operation_id=f"get{kind.name}",
            summary=f"Read one {kind.words}",
            tags=[kind.words.capitalize()],
            parameters=conversion,
            response=kind.schema,
        )
        def get(self, request: Request, record_id: UUID) -> Response:
            row = visible(request, kind).filter(id=record_id).first()
            if row is None:
                raise NotFound(f"There is no {kind.words} {record_id}.")
            return Response(_rendering(kind, request)(row))

    return Several, One
