"""/async: start a retrieval, and poll its status."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation
from integrations.flows import async_runs
from integrations.models import AsyncTransaction
from nucleus.caller import caller_of
from nucleus.hydrogen.examples import STORED, example_request, example_response
from nucleus.hydrogen.fields import InstantField, not_a_uuid

TAG = ["Async"]
SERVICE = [
    OpenApiParameter(
        "integration_type", OpenApiTypes.STR, OpenApiParameter.PATH, enum=["aggregation"]
    ),
    OpenApiParameter(
        "service", OpenApiTypes.STR, OpenApiParameter.PATH, enum=list(async_runs.SERVICES)
    ),
]
STATUSES = AsyncTransaction.Status.values


STARTED = example_response({**STORED, "status": "PENDING", "response": {"members": 2}})


class AsyncStatusResponse(serializers.Serializer[Any]):
    """The status of an async transaction."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(STATUSES)
    response = serializers.DictField()


class AsyncResponse(AsyncStatusResponse):
    """The async transaction that was started."""

    create_date = InstantField()
    update_date = InstantField()


def _status(row: AsyncTransaction) -> dict[str, Any]:
    return {"id": row.id, "status": row.status, "response": row.response}


def _start(request: Request, kind: str, service: str, account_id: UUID | None = None) -> Response:
    if kind == "status":  # the route of a status takes UUIDs only
        raise NotFound(not_a_uuid(service))
    caller = caller_of(request)
    row = async_runs.begin(
        tenant=caller.tenant,
        client=caller.client,
        integration_type=kind,
        service=service,
        account_id=account_id,
        is_refresh=request.method == "POST",
    )
    dates = {"create_date": row.create_date, "update_date": row.update_date}
    return Response(_status(row) | dates)


class AsyncServiceView(APIView):
    """Start the retrieval of all accounts that the caller may see."""

    @documentation.documented(
        operation_id="getAsync",
        summary="Retrieve what the vendor has, in the background",
        description=(
            "Available for `aggregation` with `account`, `transaction` or `holding`. When the "
            "retrieval ends, the event of the same name is sent to webhooks."
        ),
        tags=TAG,
        parameters=SERVICE,
        response=AsyncResponse,
        examples=[STARTED],
    )
    def get(self, request: Request, integration_type: str, service: str) -> Response:
        return _start(request, integration_type, service)

    @documentation.documented(
        operation_id="createAsync",
        summary="Make the vendor import from the banks, then retrieve",
        description=(
            "With `transaction`, all transactions that the vendor has are read again, not only "
            "the recent ones. The body may be any JSON; it is ignored."
        ),
        tags=TAG,
        parameters=SERVICE,
        request=OpenApiTypes.OBJECT,
        response=AsyncResponse,
        examples=[example_request("Nothing", {}), STARTED],
    )
    def post(self, request: Request, integration_type: str, service: str) -> Response:
        return _start(request, integration_type, service)


class AsyncObjectView(APIView):
    """Start the retrieval of one aggregation account."""

    @documentation.documented(
        operation_id="getAsyncById",
        summary="Retrieve one aggregation account in the background",
        description="`id` is the id of the aggregation account.",
        tags=TAG,
        parameters=SERVICE,
        response=AsyncResponse,
        examples=[STARTED],
    )
    def get(
        self, request: Request, integration_type: str, service: str, account_id: UUID
    ) -> Response:
        return _start(request, integration_type, service, account_id)


class AsyncStatusView(APIView):
    """Read the status of an async transaction."""

    @documentation.documented(
        operation_id="getAsyncStatus",
        summary="Read the status of an async call",
        description=(
            "The status is PENDING, COMPLETED or FAILED. `response` has the number of connections "
            "(`members`), of failed ones, and the reasons."
        ),
        tags=TAG,
        response=AsyncStatusResponse,
        examples=[
            example_response(
                {"id": STORED["id"], "status": "COMPLETED", "response": {"members": 2, "failed": 0}}
            )
        ],
    )
    def get(self, request: Request, async_id: UUID) -> Response:
        caller = caller_of(request)
        row = async_runs.read(tenant=caller.tenant, client=caller.client, async_id=async_id)
        return Response(_status(row))
