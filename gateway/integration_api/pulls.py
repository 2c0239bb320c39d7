"""GET /aggregation/{account|balance|transaction|holding}: pull, store, answer what is stored.

The four differ in what they pull and in how it is rendered; a Kind has both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation, lookup, schemas
from gateway.integration_api.parsing import queried_list
from integrations.flows import pulls, retrieval
from nucleus.api.record_types import EXAMPLE_RESPONSES
from nucleus.caller import caller_of
from nucleus.hydrogen import renderers
from nucleus.hydrogen.examples import RECORD_ID, answered
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)

T = TypeVar("T")
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of data that can be pulled for an account."""

    name: str
    pull: pulls.Pull[T]
    render: Callable[[T], Answer]  # the kind's own fields of the response
    nothing: Answer  # the same fields when nothing was pulled
    response: type[schemas.PullResponse]
    example: Answer  # the same fields in the OpenAPI document


def _row(body: Answer | None, message: str | None = None) -> Answer:
    return {"status_code": 200 if body is not None else 422, "message": message, "body": body}


def _account(account: AggregationAccount) -> Answer:
    return {"nucleus_aggregation_account": _row(renderers.aggregation_account(account))}


def _balance(balance: AggregationAccountBalance) -> Answer:
    return {"nucleus_balance_posted": renderers.balance(balance)}


def _transactions(pulled: retrieval.Pulled[AggregationAccountTransaction]) -> Answer:
    posted = [_row(renderers.transaction(row)) for row in pulled.posted]
    return {
        "nucleus_transactions_posted": posted
        + [_row(None, item.reason) for item in pulled.rejected],
        "nucleus_transactions_canceled": [
            _row(renderers.transaction(row)) for row in pulled.canceled
        ],
    }


def _holdings(pulled: retrieval.Pulled[AggregationAccountHolding]) -> Answer:
    return {
        "nucleus_holdings_posted": [_row(renderers.holding(row)) for row in pulled.posted]
        + [_row(None, item.reason) for item in pulled.rejected]
    }


ACCOUNT = Kind(
    "account",
    retrieval.pull_account,
    _account,
    {"nucleus_aggregation_account": None},
    schemas.AccountResponse,
    {"nucleus_aggregation_account": _row(EXAMPLE_RESPONSES["aggregation_account"])},
)
BALANCE = Kind(
    "balance",
    retrieval.pull_balance,
    _balance,
    {"nucleus_balance_posted": None},
    schemas.BalanceResponse,
    {"nucleus_balance_posted": EXAMPLE_RESPONSES["aggregation_account_balance"]},
)
TRANSACTION = Kind(
    "transaction",
    retrieval.pull_transactions,
    _transactions,
    {"nucleus_transactions_posted": [], "nucleus_transactions_canceled": []},
    schemas.TransactionResponse,
    {
        "nucleus_transactions_posted": [_row(EXAMPLE_RESPONSES["aggregation_account_transaction"])],
        "nucleus_transactions_canceled": [],
    },
)
HOLDING = Kind(
    "holding",
    retrieval.pull_holdings,
    _holdings,
    {"nucleus_holdings_posted": []},
    schemas.HoldingResponse,
    {"nucleus_holdings_posted": [_row(EXAMPLE_RESPONSES["aggregation_account_holding"])]},
)


def one(request: Request, kind: Kind[T], account_id: UUID) -> Response:
    """Pull one account; a failure of the vendor is the request's failure."""
    (account,) = lookup.accounts(caller_of(request), [account_id])
    return Response(_body(kind, pulls.pull_one(account=account, pull=kind.pull)))


def many(request: Request, kind: Kind[T]) -> Response:
    """Pull several accounts; one that fails says why in its message."""
    caller = caller_of(request)
    accounts = lookup.accounts(caller, queried_list(request, "aggregation_account_id_list"))
    outcomes = pulls.pull_several(tenant=caller.tenant, accounts=accounts, pull=kind.pull)
    return Response([_body(kind, outcome) for outcome in outcomes])


def _body(kind: Kind[T], outcome: pulls.PullOutcome[T]) -> Answer:
    return {
        "message": outcome.message,
        "vendor_name": outcome.vendor,
        "nucleus_aggregation_account_id": outcome.account.id,
        **(kind.nothing if outcome.data is None else kind.render(outcome.data)),
    }


def _example(kind: Kind[Any]) -> OpenApiExample:
    return answered(
        {
            "message": None,
            "vendor_name": "mx",
            "nucleus_aggregation_account_id": RECORD_ID,
            **kind.example,
        }
    )


def documented_one(kind: Kind[Any]) -> Callable:
    """The OpenAPI words of GET by id."""
    return documentation.documented(
        operation_id=f"pullAggregation{kind.name.capitalize()}",
        summary=f"Pull the {kind.name} data of an account",
        description=(
            "Reads the vendor now, stores what changed in Nucleus and answers what is stored. "
            "Repeating it writes nothing new."
        ),
        tags=[f"Aggregation {kind.name}"],
        response=kind.response,
        examples=[_example(kind)],
    )


def documented_list(kind: Kind[Any]) -> Callable:
    """The OpenAPI words of GET as a list."""
    return documentation.documented(
        operation_id=f"pullAggregation{kind.name.capitalize()}List",
        summary=f"Pull the {kind.name} data of several accounts",
        description=(
            "As by id, for up to 100 accounts; an account that fails says so in its `message`. "
            "An unknown id refuses the whole call."
        ),
        tags=[f"Aggregation {kind.name}"],
        parameters=[schemas.AccountListQuery],
        response=kind.response(many=True),
        examples=[_example(kind)],
    )


def views(kind: Kind[Any]) -> tuple[type[APIView], type[APIView]]:
    """The two views of a kind that can only be pulled: as a list, and by id."""

    class Several(APIView):
        @documented_list(kind)
        def get(self, request: Request) -> Response:
            return many(request, kind)

    class One(APIView):
        @documented_one(kind)
        def get(self, request: Request, account_id: UUID) -> Response:
            return one(request, kind, account_id)

    return Several, One
