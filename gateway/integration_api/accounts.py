"""/aggregation/account: create accounts from a connection, pull them, disconnect them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from gateway.integration_api import documentation, lookup, pulls, response_schemas, schemas
from gateway.integration_api.parsing import parse_body, parse_query
from integrations.flows import account_links, accounts
from integrations.flows.account_linking import AccountOutcome
from nucleus.api.record_types import EXAMPLE_RESPONSES
from nucleus.caller import Caller, caller_of
from nucleus.hydrogen import renderers
from nucleus.hydrogen.examples import example_response
from nucleus.hydrogen.renderers import Body

ACCOUNT = EXAMPLE_RESPONSES["aggregation_account"]
LINKED = example_response(
    {
        "message": None,
        "vendor_name": "mx",
        "nucleus_aggregation_account_id": ACCOUNT["id"],
        "nucleus_aggregation_accounts": [{"status_code": 200, "message": None, "body": ACCOUNT}],
    }
)


@pulls.document_list
class AccountListView(pulls.PullListView, pulls.AccountPullView):
    """Create the accounts of a connection (POST); pull several accounts (GET)."""

    @documentation.documented(
        operation_id="createAggregationAccount",
        summary="Create aggregation accounts of a connection",
        description=(
            "Call this in the widget's success callback. Creates an aggregation account for each "
            "account of the connection, or of every connection if `member_id` is missing. Accounts "
            "that exist already are not created again. If the tenant's settings say so, balances, "
            "transactions and holdings are retrieved in the background."
        ),
        tags=["Aggregation account"],
        request=schemas.AggregationRequest,
        response=response_schemas.AggregationAccountsResponse,
        examples=[documentation.AGGREGATION_REQUEST, LINKED],
    )
    def post(self, request: Request) -> Response:
        body = parse_body(schemas.AggregationRequest, request)
        caller = caller_of(request)
        owner = lookup.owner_from_body(caller, body)
        outcome = accounts.connect(
            tenant=owner.tenant,
            owner=owner,
            member_id=_member_id(caller, body),
            vendor_config_id=body.get("vendor_config_id"),
        )
        return Response(_link_response(outcome))


@pulls.document_detail
class AccountDetailView(pulls.PullDetailView, pulls.AccountPullView):
    """Pull (GET) and disconnect (DELETE) one account."""

    @documentation.documented(
        operation_id="deleteAggregationAccount",
        summary="Disconnect an aggregation account",
        description=(
            "`delete_type=delink` disconnects the account; `delete` also deletes the connection at "
            "the vendor if nothing else uses it. `nucleus_data=delete` erases the account and its "
            "data in Nucleus; by default they stay. A client token can erase only accounts with "
            "`is_manual`."
        ),
        tags=["Aggregation account"],
        parameters=[schemas.DeleteQuery],
        response=None,
    )
    def delete(self, request: Request, account_id: UUID) -> Response:
        query = parse_query(schemas.DeleteQuery, request)
        caller = caller_of(request)
        (account,) = lookup.accounts(caller, [account_id])
        erase = query["nucleus_data"] == "delete"
        if erase:
            lookup.check_erasable(caller, account)
        accounts.disconnect(
            tenant=account.tenant,
            account=account,
            delete_type=query["delete_type"],
            erase=erase,
        )
        return Response(status=204)


def _member_id(caller: Caller, body: Mapping[str, Any]) -> str | None:
    """The vendor's id of the connection that the body names, itself or by one of its accounts."""
    member_id: str | None = body.get("vendor_request", {}).get("member_id")
    if member_id is None and "nucleus_aggregation_account_id" in body:
        (account,) = lookup.accounts(caller, [body["nucleus_aggregation_account_id"]])
        return account_links.vendor_member_id(account)
    return member_id


def _link_response(outcome: accounts.ConnectOutcome) -> Body:
    rows = [_account_row(item) for item in outcome.accounts]
    single = rows[0]["body"] if len(rows) == 1 else None
    return {
        "message": outcome.message,
        "vendor_name": outcome.vendor,
        "nucleus_aggregation_account_id": single["id"] if single else None,
        "nucleus_aggregation_accounts": rows,
    }


def _account_row(outcome: AccountOutcome) -> Body:
    account = outcome.account
    return {
        "status_code": 200 if account else 422,
        "message": outcome.message,
        "body": renderers.aggregation_account(account) if account else None,
    }
