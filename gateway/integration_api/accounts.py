"""/aggregation/account: create accounts from a connection, pull them, disconnect them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.integration_api import documentation, lookup, pulls, schemas
from gateway.integration_api.parsing import parsed, queried
from integrations.flows import account_links, accounts
from nucleus.api.record_types import EXAMPLE_RESPONSES
from nucleus.caller import caller_of
from nucleus.hydrogen import renderers
from nucleus.hydrogen.examples import answered
from nucleus.writes import rules

ACCOUNT = EXAMPLE_RESPONSES["aggregation_account"]
LINKED = answered(
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
        summary="Create aggregation accounts from a linked member",
        description=(
            "Call it in the widget's success callback. Creates one aggregation account, once, "
            "for each account of the member (of every member, without `member_id`). With the "
            "setting on, balance, transactions and holdings follow by themselves."
        ),
        tags=["Aggregation account"],
        request=schemas.AggregationRequest,
        response=schemas.AggregationAccountsResponse,
        examples=[documentation.AGGREGATION_REQUEST, LINKED],
    )
    def post(self, request: Request) -> Response:
        body = parsed(schemas.AggregationRequest, request)
        owner = lookup.owner_of(caller_of(request), body)
        member_id = body.get("vendor_request", {}).get("member_id")
        if member_id is None and "nucleus_aggregation_account_id" in body:
            ids = [body["nucleus_aggregation_account_id"]]
            (account,) = lookup.accounts(caller_of(request), ids)
            member_id = account_links.vendor_member_id(account)
        outcome = accounts.link(
            tenant=owner.tenant,
            owner=owner,
            member_id=member_id,
            vendor_config_id=body.get("vendor_config_id"),
        )
        rows: list[dict[str, Any]] = [
            {
                "status_code": 200 if one.account else 422,
                "message": one.message,
                "body": renderers.aggregation_account(one.account) if one.account else None,
            }
            for one in outcome.accounts
        ]
        only = rows[0]["body"] if len(rows) == 1 else None
        return Response(
            {
                "message": outcome.message,
                "vendor_name": outcome.vendor,
                "nucleus_aggregation_account_id": only["id"] if only else None,
                "nucleus_aggregation_accounts": rows,
            }
        )


@pulls.document_detail
class AccountDetailView(pulls.PullDetailView, pulls.AccountPullView):
    """Pull (GET) and disconnect (DELETE) one account."""

    @documentation.documented(
        operation_id="deleteAggregationAccount",
        summary="Disconnect an aggregation account",
        description=(
            "`delete_type=delink` drops the connection; `delete` also deletes the member at the "
            "vendor once nothing else uses it. `nucleus_data=delete` erases the account and its "
            "data here; the default keeps them. A client's own token erases only accounts that are "
            "`is_manual`."
        ),
        tags=["Aggregation account"],
        parameters=[schemas.DeleteQuery],
        response=None,
    )
    def delete(self, request: Request, account_id: UUID) -> Response:
        query = queried(schemas.DeleteQuery, request)
        caller = caller_of(request)
        (account,) = lookup.accounts(caller, [account_id])
        erase = query["nucleus_data"] == "delete"
        if erase and (refusal := rules.undeletable(account, confined=caller.client is not None)):
            raise PermissionDenied(refusal.errors["id"][0])
        accounts.release(
            tenant=account.tenant,
            account=account,
            delete_type=query["delete_type"],
            erase=erase,
        )
        return Response(status=204)
