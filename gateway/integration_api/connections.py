"""/connection: the state of connections, a refresh on demand, deletion."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation, response_schemas
from gateway.integration_api.parsing import filter_rows, parse_body
from gateway.integration_api.schemas import MEMBER_ID, vendor_name
from integrations.flows import connection_requests, connection_state
from integrations.flows.connection_state import ConnectionState
from integrations.models import Member
from integrations.vendors.records import ActionRequiredBy, NextStep
from nucleus.caller import caller_of
from nucleus.hydrogen import openapi_schemas, pages
from nucleus.hydrogen.examples import STORED, example_response
from nucleus.hydrogen.fields import IdField, InstantField, VocabularyField
from nucleus.hydrogen.unknown_names import BodySerializer

TAG = ["Connection"]
SORTABLE = ("id", "create_date", "update_date")
PAGE_PARAMETERS = pages.parameters(Member, SORTABLE, filterable=False)
COLUMNS = {
    "nucleus_client_id": "vendor_user__client_id",
    "nucleus_business_id": "vendor_user__business_id",
    "vendor_name": "vendor_user__vendor",
    "member_id": "vendor_member_id",
    "state": "state_reason__in",
}
VALUES = {"state": lambda state: connection_state.reasons_of(state=state)}


class ConnectionQuery(serializers.Serializer[Any]):
    """The query parameters of the list, besides those of paging."""

    nucleus_client_id = IdField(required=False)
    nucleus_business_id = IdField(required=False)
    vendor_name = vendor_name()
    member_id = serializers.RegexField(
        MEMBER_ID,
        required=False,
        max_length=255,
        help_text="The vendor's id, as the widget reports it.",
    )
    state = VocabularyField([state.value for state in ConnectionState], required=False)


class RefreshRequest(BodySerializer):
    """Nothing; what is sent all the same is named in the Warning header."""


class ConnectionResponse(response_schemas.ConnectionSummary):
    """An owner's login at one institution."""

    nucleus_client_id = serializers.UUIDField(allow_null=True)
    nucleus_business_id = serializers.UUIDField(allow_null=True)
    vendor_name = serializers.CharField()
    member_id = serializers.CharField(help_text="The vendor's id.")
    institution_id = serializers.UUIDField(allow_null=True)
    institution_name = serializers.CharField(allow_null=True)
    connection_status = serializers.CharField(
        help_text=(
            "The vendor's name of the status; GONE: the vendor no longer has the connection; "
            "USER_DISABLED: staff have disabled the user at the vendor."
        )
    )
    next_retrieval_at = InstantField(
        allow_null=True, help_text="When they are retrieved without a webhook; null: now."
    )
    nucleus_aggregation_account_ids = serializers.ListField(child=serializers.UUIDField())
    nucleus_bank_link_ids = serializers.ListField(child=serializers.UUIDField())
    create_date = InstantField()
    update_date = InstantField()


SUMMARY_EXAMPLE = {
    "id": STORED["id"],
    "state": ConnectionState.NEEDS_ACTION.value,
    "message": "The credentials entered do not match your credentials at this institution.",
    "action_required_by": ActionRequiredBy.END_USER.value,
    "next_step": NextStep.REPAIR.value,
    "widget_link": f"/integration/v1/widget_link/{documentation.CLIENT_ID}"
    f"?member_id={documentation.MEMBER_ID}",
    "last_import_at": STORED["create_date"],
    "last_retrieval_at": STORED["create_date"],
}
EXAMPLE = example_response(
    {
        **STORED,
        **SUMMARY_EXAMPLE,
        "nucleus_client_id": documentation.CLIENT_ID,
        "nucleus_business_id": None,
        "vendor_name": "mx",
        "member_id": documentation.MEMBER_ID,
        "institution_id": None,
        "institution_name": "MX Bank",
        "connection_status": "DENIED",
        "next_retrieval_at": STORED["update_date"],
        "nucleus_aggregation_account_ids": [STORED["id"]],
        "nucleus_bank_link_ids": [],
    }
)


class ConnectionListView(APIView):
    """The tenant's connections, or those of the client that a token is confined to."""

    @documentation.documented(
        operation_id="listConnection",
        summary="List connections",
        description=(
            "Each with its state, who has to act, and when it was last imported and retrieved. The "
            "vendor is not called."
        ),
        tags=TAG,
        parameters=[ConnectionQuery, *PAGE_PARAMETERS],
        response=openapi_schemas.page_of(ConnectionResponse),
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        rows = connection_requests.visible_connections(tenant=caller.tenant, client=caller.client)
        rows = filter_rows(rows, ConnectionQuery, request, columns=COLUMNS, values=VALUES)
        return Response(pages.page(rows, request.query_params, fields=SORTABLE, render=_rendered))


class ConnectionDetailView(APIView):
    """One connection."""

    @documentation.documented(
        operation_id="getConnection",
        summary="Read a connection",
        tags=TAG,
        response=ConnectionResponse,
        examples=[EXAMPLE],
    )
    def get(self, request: Request, connection_id: UUID) -> Response:
        return Response(_rendered(_connection(request, connection_id)))

    @documentation.documented(
        operation_id="deleteConnection",
        summary="Delete a connection",
        description=(
            "Deletes the connection at the vendor and here. Its accounts and their data stay in "
            "Nucleus; they become inactive and are no longer updated. If the person links the "
            "institution again, they go on under their ids."
        ),
        tags=TAG,
        response=None,
    )
    def delete(self, request: Request, connection_id: UUID) -> Response:
        connection_requests.delete(_connection(request, connection_id))
        return Response(status=204)


class ConnectionRefreshView(APIView):
    """Refresh one connection."""

    @documentation.documented(
        operation_id="refreshConnection",
        summary="Refresh a connection",
        description=(
            "A job makes the vendor import from the institution and then retrieves all accounts. "
            "The state becomes `importing` when the vendor has started. The request has no body."
        ),
        tags=TAG,
        response=ConnectionResponse,
        status=202,
        examples=[EXAMPLE],
    )
    def post(self, request: Request, connection_id: UUID) -> Response:
        parse_body(RefreshRequest, request)
        member = _connection(request, connection_id)
        connection_requests.refresh(member)
        return Response(_rendered(member), status=202)


def _connection(request: Request, connection_id: UUID) -> Member:
    caller = caller_of(request)
    return connection_requests.get(
        tenant=caller.tenant, client=caller.client, connection_id=connection_id
    )


def summary(member: Any, last_retrieval: datetime | None) -> dict[str, Any]:
    """The fields of a ConnectionSummary, for a Member with an annotated `state_reason`."""
    return {
        "id": member.id,
        "state": connection_state.state_of(member).value,
        "message": connection_state.message(member),
        "action_required_by": connection_state.action_required_by(member).value,
        "next_step": connection_state.next_step(member).value,
        "widget_link": connection_state.widget_link_path(member),
        "last_import_at": member.successfully_aggregated_at,
        "last_retrieval_at": last_retrieval,
    }


def _rendered(member: Any) -> dict[str, Any]:
    """The body for a Member of visible_connections, which has annotations."""
    links = member.account_links.all()
    retrievals = [link.transactions_retrieved_at for link in links]
    return {
        "nucleus_client_id": member.vendor_user.client_id,
        "nucleus_business_id": member.vendor_user.business_id,
        "vendor_name": member.vendor_user.vendor,
        "member_id": member.vendor_member_id,
        "institution_id": member.institution_id,
        "institution_name": member.institution.name if member.institution else member.name,
        "connection_status": member.connection_status,
        **summary(member, connection_state.last_retrieval(member, retrievals)),
        "next_retrieval_at": member.next_sync_at,
        "nucleus_aggregation_account_ids": [link.aggregation_account_id for link in links],
        "nucleus_bank_link_ids": [link.bank_link_id for link in member.verified_links.all()],
        "create_date": member.create_date,
        "update_date": member.update_date,
    }
