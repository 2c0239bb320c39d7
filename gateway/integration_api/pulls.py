"""GET /aggregation/{account|balance|transaction|holding}: pull, store, return what is stored.

The four differ in what they pull and in how it is rendered: attributes of a subclass of PullView.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import connections, lookup, response_schemas, schemas
from gateway.integration_api.documentation import documented
from gateway.integration_api.parsing import MAX_IDS, parse_id_list, parse_query
from integrations.flows import account_pulls, balance_checks, holding_pulls, pulls, retrieval
from integrations.flows.pull_results import PullResult
from integrations.vendors.records import RejectedItem
from nucleus.api.record_types import EXAMPLE_RESPONSES
from nucleus.caller import caller_of
from nucleus.hydrogen import renderers
from nucleus.hydrogen.examples import RECORD_ID, example_response
from nucleus.hydrogen.renderers import Body
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)

PULL_DESCRIPTION = (
    "Reads the data from the vendor now, stores what has changed in Nucleus and returns what is "
    "stored. A repeated request writes only what is new."
)


class PullView(APIView):
    """What the views of one kind of data share."""

    data_name: ClassVar[str]  # in OpenAPI
    pull: ClassVar[pulls.Pull[Any]]
    empty: ClassVar[Body]  # the data's fields of the response when nothing was pulled
    response_serializer: ClassVar[type[response_schemas.AccountPullResponse]]
    example: ClassVar[Body]  # the data's fields of the response

    @staticmethod
    def render_data(data: Any) -> Body:
        """The data's fields of the response."""
        raise NotImplementedError

    def render(self, outcome: pulls.PullOutcome[Any]) -> Body:
        """The response about one account."""
        return {
            "message": outcome.message,
            "vendor_name": outcome.vendor,
            "nucleus_aggregation_account_id": outcome.account.id,
            "connection": outcome.connection
            and connections.summary(outcome.connection, outcome.last_retrieval),
            **(self.empty if outcome.data is None else self.render_data(outcome.data)),
        }


class PullListView(PullView):
    """Pull several accounts; one that fails has the reason in its `message`."""

    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        ids = parse_id_list(request, "aggregation_account_id_list")
        accounts = lookup.pull_sources(caller, ids)
        outcomes = pulls.pull_several(viewer=caller, accounts=accounts, pull=self.pull)
        return Response([self.render(outcome) for outcome in outcomes])


class PullDetailView(PullView):
    """Pull one account; a failure at the vendor is an error response."""

    def get(self, request: Request, account_id: UUID) -> Response:
        ((account, source),) = lookup.pull_sources(caller_of(request), [account_id])
        outcome = pulls.pull_single(account=account, source=source, pull=self.pull)
        return Response(self.render(outcome))


View = TypeVar("View", bound=type[PullView])


def document_list(view: View) -> View:
    """Class decorator: the OpenAPI description of GET with a list of ids."""
    return extend_schema_view(
        get=documented(
            operation_id=f"pullAggregation{view.data_name.capitalize()}List",
            summary=f"Pull the {view.data_name} data of several accounts",
            description=(
                f"Like the request for one account, for up to {MAX_IDS} accounts. If an account "
                "fails, its `message` has the reason and the others are still pulled. If an id is "
                "unknown, nothing is pulled and the response is a 404."
            ),
            tags=[f"Aggregation {view.data_name}"],
            parameters=[schemas.AccountListQuery],
            response=view.response_serializer(many=True),
            examples=[_example(view)],
        )
    )(view)


def document_detail(view: View) -> View:
    """Class decorator: the OpenAPI description of GET by id."""
    return extend_schema_view(
        get=documented(
            operation_id=f"pullAggregation{view.data_name.capitalize()}",
            summary=f"Pull the {view.data_name} data of an account",
            description=PULL_DESCRIPTION,
            tags=[f"Aggregation {view.data_name}"],
            response=view.response_serializer,
            examples=[_example(view)],
        )
    )(view)


def _example(view: type[PullView]) -> OpenApiExample:
    return example_response(
        {
            "message": None,
            "vendor_name": "mx",
            "nucleus_aggregation_account_id": RECORD_ID,
            "connection": connections.SUMMARY_EXAMPLE,
            **view.example,
        }
    )


def _row(body: Body) -> Body:
    return {"status_code": 200, "message": None, "body": body}


def _rejected_rows(items: Iterable[RejectedItem]) -> list[Body]:
    return [{"status_code": 422, "message": item.reason, "body": None} for item in items]


class AccountPullView(PullView):
    """Attributes of the views under /aggregation/account."""

    data_name = "account"
    pull = staticmethod(account_pulls.pull_account)
    empty: ClassVar[Body] = {"nucleus_aggregation_account": None}
    response_serializer = response_schemas.AccountResponse
    example: ClassVar[Body] = {
        "nucleus_aggregation_account": _row(EXAMPLE_RESPONSES["aggregation_account"])
    }

    @staticmethod
    def render_data(account: AggregationAccount) -> Body:
        return {"nucleus_aggregation_account": _row(renderers.aggregation_account(account))}


class BalancePullView(PullView):
    """Attributes of the views under /aggregation/balance."""

    data_name = "balance"
    pull = staticmethod(account_pulls.pull_balance)
    empty: ClassVar[Body] = {"nucleus_balance_posted": None}
    response_serializer = response_schemas.BalanceResponse
    example: ClassVar[Body] = {
        "nucleus_balance_posted": EXAMPLE_RESPONSES["aggregation_account_balance"]
    }

    @staticmethod
    def render_data(balance: AggregationAccountBalance) -> Body:
        return {"nucleus_balance_posted": renderers.balance(balance)}


class TransactionPullView(PullView):
    """Attributes of the views under /aggregation/transaction."""

    data_name = "transaction"
    pull = staticmethod(retrieval.pull_transactions)
    empty: ClassVar[Body] = {"nucleus_transactions_posted": [], "nucleus_transactions_canceled": []}
    response_serializer = response_schemas.TransactionResponse
    example: ClassVar[Body] = {
        "nucleus_transactions_posted": [_row(EXAMPLE_RESPONSES["aggregation_account_transaction"])],
        "nucleus_transactions_canceled": [],
    }

    @staticmethod
    def render_data(pulled: PullResult[AggregationAccountTransaction]) -> Body:
        posted = [_row(renderers.transaction(row)) for row in pulled.posted]
        canceled = [_row(renderers.transaction(row)) for row in pulled.canceled]
        return {
            "nucleus_transactions_posted": posted + _rejected_rows(pulled.rejected),
            "nucleus_transactions_canceled": canceled,
        }


class HoldingPullView(PullView):
    """Attributes of the views under /aggregation/holding."""

    data_name = "holding"
    pull = staticmethod(holding_pulls.pull_holdings)
    empty: ClassVar[Body] = {"nucleus_holdings_posted": []}
    response_serializer = response_schemas.HoldingResponse
    example: ClassVar[Body] = {
        "nucleus_holdings_posted": [_row(EXAMPLE_RESPONSES["aggregation_account_holding"])]
    }

    @staticmethod
    def render_data(pulled: PullResult[AggregationAccountHolding]) -> Body:
        posted = [_row(renderers.holding(row)) for row in pulled.posted]
        return {"nucleus_holdings_posted": posted + _rejected_rows(pulled.rejected)}


@document_list
class BalanceListView(PullListView, BalancePullView):
    """/aggregation/balance."""


class BalanceDetailView(BalancePullView):
    """/aggregation/balance/{account_id}."""

    @documented(
        operation_id="pullAggregationBalance",
        summary="Pull the balance of an account",
        description=(
            f"{PULL_DESCRIPTION}\n\n"
            "With `fresh=true` the vendor first reads the balance from the bank, which takes some "
            "seconds; `balance_age` says how old the returned balance is. MX allows this five "
            "times in two hours for a connection. Where it cannot be done, because of that limit, "
            "because the person has to act, or because the bank or MX fails, the response has the "
            "balance that is stored, and `balance_age.reason`."
        ),
        tags=["Aggregation balance"],
        parameters=[schemas.BalanceQuery],
        response=response_schemas.SingleBalanceResponse,
        examples=[
            example_response(
                {
                    "message": None,
                    "vendor_name": "mx",
                    "nucleus_aggregation_account_id": RECORD_ID,
                    "connection": connections.SUMMARY_EXAMPLE,
                    **BalancePullView.example,
                    "balance_age": {
                        "as_of": "2026-11-21T03:50:46.000+0000",
                        "age_seconds": 4,
                        "is_fresh": True,
                        "reason": None,
                        "retry_after_seconds": None,
                    },
                }
            )
        ],
    )
    def get(self, request: Request, account_id: UUID) -> Response:
        query = parse_query(schemas.BalanceQuery, request)
        caller = caller_of(request)
        ((account, source),) = lookup.pull_sources(caller, [account_id])
        if not query["fresh"]:
            outcome = pulls.pull_single(account=account, source=source, pull=self.pull)
            return Response(self.render(outcome) | {"balance_age": None})
        outcome, age = balance_checks.pull_checked(viewer=caller, account=account, source=source)
        rendered = _balance_age(age)
        seconds = rendered["retry_after_seconds"]
        headers = {"Retry-After": str(seconds)} if seconds is not None else None
        return Response(self.render(outcome) | {"balance_age": rendered}, headers=headers)


def _balance_age(age: balance_checks.BalanceAge) -> Body:
    passed = None if age.as_of is None else (timezone.now() - age.as_of).total_seconds()
    return {
        "as_of": age.as_of,
        "age_seconds": None if passed is None else max(0, int(passed)),
        "is_fresh": age.reason is None,
        "reason": age.reason,
        "retry_after_seconds": None if age.retry_after is None else math.ceil(age.retry_after),
    }


@document_list
class TransactionListView(PullListView, TransactionPullView):
    """/aggregation/transaction."""


@document_detail
class TransactionDetailView(PullDetailView, TransactionPullView):
    """/aggregation/transaction/{account_id}."""


@document_list
class HoldingListView(PullListView, HoldingPullView):
    """/aggregation/holding."""


@document_detail
class HoldingDetailView(PullDetailView, HoldingPullView):
    """/aggregation/holding/{account_id}."""
