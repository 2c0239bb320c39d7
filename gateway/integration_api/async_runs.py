"""/async: start a retrieval, look at it later."""

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


BEGUN = example_response({**STORED, "status": "PENDING", "response": {"members": 2}})


class AsyncStatusResponse(serializers.Serializer[Any]):
    """How far it is."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(STATUSES)
    response = serializers.DictField()


class AsyncResponse(AsyncStatusResponse):
    """What was begun."""

    create_date = InstantField()
    update_date = InstantField()


def _status(row: AsyncTransaction) -> dict[str, Any]:
    return {"id": row.id, "status": row.status, "response": row.response}


def _begin(request: Request, kind: str, service: str, account_id: UUID | None = None) -> Response:
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
    """All accounts that the caller may see."""

    @documentation.documented(
        operation_id="getAsync",
        summary="Retrieve what the vendor has, in the background",
        description=(
            "`aggregation` with `account`, `transaction` or `holding`. The webhook of the same "
            "name hears when it is done."
        ),
        tags=TAG,
        parameters=SERVICE,
        response=AsyncResponse,
        examples=[BEGUN],
    )
    def get(self, request: Request, integration_type: str, service: str) -> Response:
        return _begin(request, integration_type, service)

    @documentation.documented(
        operation_id="createAsync",
        summary="Let the vendor import anew, then retrieve",
        description="Any JSON is accepted as body and not looked at.",
        tags=TAG,
        parameters=SERVICE,
        request=OpenApiTypes.OBJECT,
        response=AsyncResponse,
        examples=[example_request("Nothing", {}), BEGUN],
    )
    def post(self, request: Request, integration_type: str, service: str) -> Response:
        return _begin(request, integration_type, service)


class AsyncObjectView(APIView):
    """One aggregation account."""

    @documentation.documented(
        operation_id="getAsyncById",
        summary="Retrieve one aggregation account in the background",
        description="`id` is the aggregation account's.",
        tags=TAG,
        parameters=SERVICE,
        response=AsyncResponse,
        examples=[BEGUN],
    )
    def get(
        self, request: Request, integration_type: str, service: str, account_id: UUID
    ) -> Response:
        return _begin(request, integration_type, service, account_id)


class AsyncStatusView(APIView):
    """What became of it."""

    @documentation.documented(
        operation_id="getAsyncStatus",
        summary="Read the status of an async call",
        description="PENDING, COMPLETED or FAILED; `response` says how many members, and why not.",
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
