"""GET /aggregation/{account|balance|transaction|holding}: pull, store, answer what is stored.

The four differ in what they pull and in the words of their answers; a Kind says both.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation, lookup, schemas
from gateway.integration_api.parsing import queried_list
from integrations import vendor_sessions
from integrations.flows import retrieval
from integrations.flows.accounts import unlinked
from integrations.models import AccountLink
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError
from nucleus.api.records import EXAMPLES
from nucleus.caller import caller_of
from nucleus.hydrogen import renderers
from nucleus.hydrogen.examples import RECORD_ID, answered
from nucleus.models import AggregationAccount

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of data that can be pulled for an account."""

    name: str
    pull: Callable[[Vendor, AccountLink], Answer]  # the kind's own fields of the answer
    nothing: Answer  # the same fields when there is nothing to say
    response: type[schemas.PullResponse]
    example: Answer  # the same fields when there is


def _row(body: Answer | None, message: str | None = None) -> Answer:
    return {"status_code": 200 if body is not None else 422, "message": message, "body": body}


def _account(vendor: Vendor, link: AccountLink) -> Answer:
    account = retrieval.pull_account(vendor=vendor, link=link)
    return {"nucleus_aggregation_account": _row(renderers.aggregation_account(account))}


def _balance(vendor: Vendor, link: AccountLink) -> Answer:
    balance = retrieval.pull_balance(vendor=vendor, link=link)
    return {"nucleus_balance_posted": renderers.balance(balance)}


def _transactions(vendor: Vendor, link: AccountLink) -> Answer:
    pulled = retrieval.pull_transactions(vendor=vendor, link=link)
    posted = [_row(renderers.transaction(row)) for row in pulled.posted]
    return {
        "nucleus_transactions_posted": posted
        + [_row(None, item.reason) for item in pulled.rejected],
        "nucleus_transactions_canceled": [
            _row(renderers.transaction(row)) for row in pulled.canceled
        ],
    }


def _holdings(vendor: Vendor, link: AccountLink) -> Answer:
    pulled = retrieval.pull_holdings(vendor=vendor, link=link)
    return {
        "nucleus_holdings_posted": [_row(renderers.holding(row)) for row in pulled.posted]
        + [_row(None, item.reason) for item in pulled.rejected]
    }


ACCOUNT = Kind(
    "account",
    _account,
    {"nucleus_aggregation_account": None},
    schemas.AccountResponse,
    {"nucleus_aggregation_account": _row(EXAMPLES["aggregation_account"])},
)
BALANCE = Kind(
    "balance",
    _balance,
    {"nucleus_balance_posted": None},
    schemas.BalanceResponse,
    {"nucleus_balance_posted": EXAMPLES["aggregation_account_balance"]},
)
TRANSACTION = Kind(
    "transaction",
    _transactions,
    {"nucleus_transactions_posted": [], "nucleus_transactions_canceled": []},
    schemas.TransactionResponse,
    {
        "nucleus_transactions_posted": [_row(EXAMPLES["aggregation_account_transaction"])],
        "nucleus_transactions_canceled": [],
    },
)
HOLDING = Kind(
    "holding",
    _holdings,
    {"nucleus_holdings_posted": []},
    schemas.HoldingResponse,
    {"nucleus_holdings_posted": [_row(EXAMPLES["aggregation_account_holding"])]},
)


def one(request: Request, kind: Kind, account_id: UUID) -> Response:
    """Pull one account; a vendor failure is the answer's failure."""
    (account,) = lookup.accounts(caller_of(request), [account_id])
    link = retrieval.links(tenant=account.tenant, account_ids=[account.id]).get(account.id)
    if link is None:
        raise unlinked(account)
    slug = link.member.vendor_user.vendor
    with vendor_sessions.open_for_tenant(tenant=account.tenant, vendor=slug) as vendor:
        return Response(_answer(account, link, kind.pull(vendor, link)))


def many(request: Request, kind: Kind) -> Response:
    """Pull several accounts; one that fails says so in its message and stops no other."""
    accounts = lookup.accounts(
        caller_of(request), queried_list(request, "aggregation_account_id_list")
    )
    tenant = caller_of(request).tenant
    links = retrieval.links(tenant=tenant, account_ids=[account.id for account in accounts])
    answers = []
    with ExitStack() as stack:
        vendors: dict[str, Vendor] = {}
        for account in accounts:
            link = links.get(account.id)
            if link is None:
                answers.append(_answer(account, None, kind.nothing, str(unlinked(account))))
                continue
            slug = link.member.vendor_user.vendor
            if slug not in vendors:
                opening = vendor_sessions.open_for_tenant(tenant=tenant, vendor=slug)
                vendors[slug] = stack.enter_context(opening)
            try:
                answers.append(_answer(account, link, kind.pull(vendors[slug], link)))
            except VendorError as error:
                answers.append(_answer(account, link, kind.nothing, str(error)))
    return Response(answers)


def _answer(
    account: AggregationAccount,
    link: AccountLink | None,
    fields: Answer,
    message: str | None = None,
) -> Answer:
    return {
        "message": message or (link.member.connection_message if link else None) or None,
        "vendor_name": link.member.vendor_user.vendor if link else None,
        "nucleus_aggregation_account_id": account.id,
        **fields,
    }


def _example(kind: Kind) -> OpenApiExample:
    return answered(
        {
            "message": None,
            "vendor_name": "mx",
            "nucleus_aggregation_account_id": RECORD_ID,
            **kind.example,
        }
    )


def documented_one(kind: Kind) -> Callable:
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


def documented_list(kind: Kind) -> Callable:
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


def views(kind: Kind) -> tuple[type[APIView], type[APIView]]:
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
