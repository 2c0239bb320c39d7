"""/possible_duplicate: accounts that may be the same one at the bank."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation, lookup
from gateway.integration_api.parsing import filter_rows, parse_body
from integrations.flows import possible_duplicates
from integrations.models import PossibleDuplicate
from nucleus.caller import caller_of
from nucleus.hydrogen import openapi_schemas, pages
from nucleus.hydrogen.examples import STORED, example_response
from nucleus.hydrogen.fields import IdField, InstantField, VocabularyField
from nucleus.hydrogen.unknown_names import BodySerializer

TAG = ["Possible duplicate"]
SORTABLE = ("id", "create_date", "update_date")
PAGE_PARAMETERS = pages.parameters(PossibleDuplicate, SORTABLE, filterable=False)
STATES = PossibleDuplicate.State.values
COLUMNS = {
    "nucleus_client_id": "aggregation_account__client_id",
    "nucleus_business_id": "aggregation_account__business_id",
    "state": "state",
}


class PossibleDuplicateQuery(serializers.Serializer[Any]):
    """The query parameters of the list, besides those of paging."""

    nucleus_client_id = IdField(required=False)
    nucleus_business_id = IdField(required=False)
    state = VocabularyField(STATES, required=False)


class DismissRequest(BodySerializer):
    """Nothing; what is sent all the same is named in the Warning header."""


class PossibleDuplicateResponse(serializers.Serializer[Any]):
    """Two accounts of one owner that look like the same account at the bank."""

    id = serializers.UUIDField()
    nucleus_client_id = serializers.UUIDField(allow_null=True)
    nucleus_business_id = serializers.UUIDField(allow_null=True)
    nucleus_aggregation_account_id = serializers.UUIDField(help_text="The account linked later.")
    other_nucleus_aggregation_account_id = serializers.UUIDField()
    reason = serializers.CharField(help_text="What they have in common.")
    state = serializers.ChoiceField(
        STATES,
        help_text=(
            "`open`: nobody has decided. `merged`: POST /account_merge has settled it. "
            "`dismissed`: they are different accounts."
        ),
    )
    create_date = InstantField()
    update_date = InstantField()


EXAMPLE = example_response(
    {
        **STORED,
        "nucleus_client_id": documentation.CLIENT_ID,
        "nucleus_business_id": None,
        "nucleus_aggregation_account_id": documentation.ACCOUNT_ID,
        "other_nucleus_aggregation_account_id": documentation.OTHER_ACCOUNT_ID,
        "reason": "Same institution, type and currency, and the number ending in 6789.",
        "state": PossibleDuplicate.State.OPEN.value,
    }
)


class PossibleDuplicateListView(APIView):
    """The possible duplicates of the tenant, or of the client that a token is confined to."""

    @documentation.documented(
        operation_id="listPossibleDuplicate",
        summary="List possible duplicates",
        description=(
            "Accounts that are linked under different connections and look like the same account "
            "at the bank, for example a joint account. Both count until you decide: merge them "
            "with POST /account_merge, or dismiss the entry."
        ),
        tags=TAG,
        parameters=[PossibleDuplicateQuery, *PAGE_PARAMETERS],
        response=openapi_schemas.page_of(PossibleDuplicateResponse),
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        rows = possible_duplicates.visible_duplicates(tenant=caller.tenant, client=caller.client)
        rows = filter_rows(rows, PossibleDuplicateQuery, request, columns=COLUMNS)
        return Response(pages.page(rows, request.query_params, fields=SORTABLE, render=_rendered))


class PossibleDuplicateDetailView(APIView):
    """One possible duplicate."""

    @documentation.documented(
        operation_id="getPossibleDuplicate",
        summary="Read a possible duplicate",
        tags=TAG,
        response=PossibleDuplicateResponse,
        examples=[EXAMPLE],
    )
    def get(self, request: Request, duplicate_id: UUID) -> Response:
        return Response(_rendered(_duplicate(request, duplicate_id)))


class PossibleDuplicateDismissView(APIView):
    """Dismiss one possible duplicate."""

    @documentation.documented(
        operation_id="dismissPossibleDuplicate",
        summary="Dismiss a possible duplicate",
        description=(
            "States that the two are different accounts; they are not reported again. Only for "
            "tokens of the tenant. The request has no body."
        ),
        tags=TAG,
        response=PossibleDuplicateResponse,
        examples=[EXAMPLE],
    )
    def post(self, request: Request, duplicate_id: UUID) -> Response:
        parse_body(DismissRequest, request)
        row = _duplicate(request, duplicate_id)
        lookup.require_tenant_token(caller_of(request), "dismiss possible duplicates")
        return Response(_rendered(possible_duplicates.dismiss(row)))


def _duplicate(request: Request, duplicate_id: UUID) -> PossibleDuplicate:
    caller = caller_of(request)
    return possible_duplicates.get(
        tenant=caller.tenant, client=caller.client, duplicate_id=duplicate_id
    )


def _rendered(row: PossibleDuplicate) -> dict[str, Any]:
    return {
        "id": row.id,
        "nucleus_client_id": row.aggregation_account.client_id,
        "nucleus_business_id": row.aggregation_account.business_id,
        "nucleus_aggregation_account_id": row.aggregation_account_id,
        "other_nucleus_aggregation_account_id": row.other_account_id,
        "reason": row.reason,
        "state": row.state,
        "create_date": row.create_date,
        "update_date": row.update_date,
    }
