"""/account_merge: declare that two aggregation accounts are one account at the bank."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation, lookup
from gateway.integration_api.parsing import filter_rows, parse_body
from integrations.flows import account_merges
from integrations.models import AccountMerge
from nucleus.caller import caller_of
from nucleus.hydrogen import openapi_schemas, pages
from nucleus.hydrogen.examples import STORED, example_response
from nucleus.hydrogen.fields import IdField, InstantField
from nucleus.hydrogen.unknown_names import BodySerializer

TAG = ["Account merge"]
SORTABLE = ("id", "create_date", "update_date")
PAGE_PARAMETERS = pages.parameters(AccountMerge, SORTABLE, filterable=False)
COLUMNS = {
    "nucleus_client_id": "kept_account__client_id",
    "nucleus_business_id": "kept_account__business_id",
    "kept_aggregation_account_id": "kept_account_id",
    "merged_aggregation_account_id": "merged_account_id",
}


class AccountMergeQuery(serializers.Serializer[Any]):
    """The query parameters of the list, besides those of paging."""

    nucleus_client_id = IdField(required=False)
    nucleus_business_id = IdField(required=False)
    kept_aggregation_account_id = IdField(required=False)
    merged_aggregation_account_id = IdField(required=False)


class AccountMergeRequest(BodySerializer):
    """The two accounts, of one owner and in one currency."""

    kept_aggregation_account_id = IdField(
        help_text="The account that goes on, with the transactions of both, each once."
    )
    merged_aggregation_account_id = IdField(
        help_text="The account that becomes inactive; its `merged_into_id` names the other."
    )


class AccountMergeResponse(serializers.Serializer[Any]):
    """One account was merged into another one."""

    id = serializers.UUIDField()
    nucleus_client_id = serializers.UUIDField(allow_null=True)
    nucleus_business_id = serializers.UUIDField(allow_null=True)
    kept_aggregation_account_id = serializers.UUIDField()
    merged_aggregation_account_id = serializers.UUIDField()
    moved_transactions = serializers.IntegerField(
        help_text="How many transactions the kept account did not have itself."
    )
    undone_date = InstantField(
        allow_null=True, help_text="When the merge was undone; null: it is in effect."
    )
    create_date = InstantField()
    update_date = InstantField()


REQUEST = documentation.ACCOUNT_MERGE_REQUEST
EXAMPLE = example_response(
    {
        **STORED,
        "nucleus_client_id": documentation.CLIENT_ID,
        "nucleus_business_id": None,
        **REQUEST.value,
        "moved_transactions": 12,
        "undone_date": None,
    }
)


class AccountMergeListView(APIView):
    """List merges, and merge two accounts."""

    @documentation.documented(
        operation_id="listAccountMerge",
        summary="List account merges",
        description="Those that were undone are listed as well.",
        tags=TAG,
        parameters=[AccountMergeQuery, *PAGE_PARAMETERS],
        response=openapi_schemas.page_of(AccountMergeResponse),
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        rows = account_merges.visible_merges(tenant=caller.tenant, client=caller.client)
        rows = filter_rows(rows, AccountMergeQuery, request, columns=COLUMNS)
        return Response(pages.page(rows, request.query_params, fields=SORTABLE, render=_rendered))

    @documentation.documented(
        operation_id="createAccountMerge",
        summary="Merge two accounts",
        description=(
            "For two aggregation accounts that are the same account at the bank. Transactions of "
            "the merged account move to the kept one under their ids, unless the kept one has an "
            "equal one (same day, amount, direction, description and currency, as many as are "
            "alike): those stay with the merged account and become inactive. If only the merged "
            "account is connected, its connection, holdings and balance go over to the kept one. "
            "Only for tokens of the tenant."
        ),
        tags=TAG,
        request=AccountMergeRequest,
        response=AccountMergeResponse,
        examples=[REQUEST, EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        body, caller = parse_body(AccountMergeRequest, request), caller_of(request)
        ids = [body["kept_aggregation_account_id"], body["merged_aggregation_account_id"]]
        accounts = {account.pk: account for account in lookup.accounts(caller, ids)}
        lookup.require_tenant_token(caller, "merge accounts")
        row = account_merges.merge(
            kept=accounts[ids[0]], merged=accounts[ids[1]], requested_by=caller.name
        )
        return Response(_rendered(row))


class AccountMergeDetailView(APIView):
    """Read one merge (GET); undo it (DELETE)."""

    @documentation.documented(
        operation_id="getAccountMerge",
        summary="Read an account merge",
        tags=TAG,
        response=AccountMergeResponse,
        examples=[EXAMPLE],
    )
    def get(self, request: Request, merge_id: UUID) -> Response:
        return Response(_rendered(_merge(request, merge_id)))

    @documentation.documented(
        operation_id="deleteAccountMerge",
        summary="Undo an account merge",
        description=(
            "The merged account gets back its transactions, its state, its connection if that "
            "still exists, and what that connection has brought since; everything else stays with "
            "the kept account. Merges into the same account are undone in reverse order: 409 "
            "otherwise. Only for tokens of the tenant."
        ),
        tags=TAG,
        response=None,
    )
    def delete(self, request: Request, merge_id: UUID) -> Response:
        row = _merge(request, merge_id)
        lookup.require_tenant_token(caller_of(request), "undo merges")
        account_merges.undo(row)
        return Response(status=204)


def _merge(request: Request, merge_id: UUID) -> AccountMerge:
    caller = caller_of(request)
    return account_merges.get(tenant=caller.tenant, client=caller.client, merge_id=merge_id)


def _rendered(row: AccountMerge) -> dict[str, Any]:
    return {
        "id": row.id,
        "nucleus_client_id": row.kept_account.client_id,
        "nucleus_business_id": row.kept_account.business_id,
        "kept_aggregation_account_id": row.kept_account_id,
        "merged_aggregation_account_id": row.merged_account_id,
        "moved_transactions": row.moved_transactions,
        "undone_date": row.undone_at,
        "create_date": row.create_date,
        "update_date": row.update_date,
    }
