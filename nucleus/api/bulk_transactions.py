"""/bulk/{entity_uri}: many records in one request, and the outcome of each of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.api import bulk_errors, bulk_items, clients, writing
from nucleus.api.bulk_items import CLIENT, ENTITIES, MAX_CLIENTS, Operation
from nucleus.caller import caller_of
from nucleus.hydrogen.examples import RECORD_ID, STORED, example_request, example_response
from nucleus.hydrogen.fields import InstantField
from nucleus.hydrogen.openapi_operations import documented
from nucleus.models import BulkTransaction
from nucleus.reads.visibility import visible_rows
from nucleus.writes.bulk_transactions import record_bulk_transaction
from nucleus.writes.refusals import Refusal

TAG = ["Bulk"]
ENTITY = OpenApiParameter("entity_uri", OpenApiTypes.STR, OpenApiParameter.PATH, enum=ENTITIES)
ARRAY = {"type": "array", "items": {"type": "object"}, "maxItems": writing.MAX_ITEMS}
IDS = ARRAY | {
    "items": {
        "oneOf": [
            {"type": "string", "format": "uuid"},
            {
                "type": "object",
                "properties": {"id": {"type": "string", "format": "uuid"}},
                "required": ["id"],
            },
        ]
    }
}
DESCRIPTION = (
    f"At most {writing.MAX_ITEMS} items ({MAX_CLIENTS} clients). Each is processed independently: "
    "an invalid item does not prevent the others from being written. All have been processed when "
    "the response is sent; GET /nucleus/v1/bulk/status/{id} returns the outcome of each."
)


class BulkTransactionResponse(serializers.Serializer[Any]):
    """A bulk request that has been processed."""

    id = serializers.UUIDField()
    status = serializers.CharField(help_text="COMPLETED, PARTIAL or FAILED.")
    data = serializers.DictField(  # type: ignore[assignment]
        help_text="The entity, the operation, and how many items succeeded."
    )
    secondary_id = serializers.CharField(allow_null=True)
    create_date = InstantField()
    update_date = InstantField()


class BulkStatusResponse(serializers.Serializer[Any]):
    """The outcome of a bulk request."""

    id = serializers.UUIDField()
    status = serializers.CharField(help_text="COMPLETED, PARTIAL or FAILED.")
    progress = serializers.DictField(child=serializers.IntegerField())
    success = serializers.ListField(
        child=serializers.DictField(), help_text="`index` in the request, and `id`."
    )
    error = serializers.ListField(
        child=serializers.DictField(), help_text="`index` in the request, `message` and `errors`."
    )


def _response_example(operation: str) -> Any:
    counts = {"total": 1, "succeeded": 1, "failed": 0}
    data = {"entity_uri": CLIENT, "operation": operation, **counts}
    return example_response({**STORED, "status": "COMPLETED", "data": data, "secondary_id": None})


class BulkView(APIView):
    """Create, change and delete many records of one entity."""

    @documented(
        operation_id="createBulk",
        summary="Create many records",
        description=f"An array of records. {DESCRIPTION}",
        tags=TAG,
        parameters=[ENTITY],
        request={"application/json": ARRAY},
        response=BulkTransactionResponse,
        examples=[example_request("Clients", [clients.EXAMPLE]), _response_example("create")],
    )
    def post(self, request: Request, entity_uri: str) -> Response:
        return self._process(request, entity_uri, "create")

    @documented(
        operation_id="updateBulk",
        summary="Change many records",
        description=f"An array of objects, each with its `id` and what changes. {DESCRIPTION}",
        tags=TAG,
        parameters=[ENTITY],
        request={"application/json": ARRAY},
        response=BulkTransactionResponse,
        examples=[
            example_request("Clients", [{"id": RECORD_ID, "last_name": "Demo"}]),
            _response_example("update"),
        ],
    )
    def put(self, request: Request, entity_uri: str) -> Response:
        return self._process(request, entity_uri, "update")

    @documented(
        operation_id="deleteBulk",
        summary="Delete many records",
        description=f"The body is an array of ids, or of objects with an `id`. {DESCRIPTION}",
        tags=TAG,
        parameters=[ENTITY],
        request={"application/json": IDS},
        response=BulkTransactionResponse,
        examples=[example_request("Clients", [RECORD_ID]), _response_example("delete")],
    )
    def delete(self, request: Request, entity_uri: str) -> Response:
        return self._process(request, entity_uri, "delete")

    def _process(self, request: Request, entity_uri: str, operation: Operation) -> Response:
        """Write the items and store their outcomes, in one transaction."""
        items = bulk_items.items_of(request, entity_uri, operation)
        with transaction.atomic():
            outcomes = bulk_items.process(request, entity_uri, operation, items)
            row = _record_outcomes(request, entity_uri, operation, outcomes)
        return Response(
            {
                "id": row.id,
                "status": row.status,
                "data": {"entity_uri": entity_uri, "operation": operation, **_progress(row)},
                "secondary_id": None,
                "create_date": row.create_date,
                "update_date": row.update_date,
            }
        )


class BulkStatusView(APIView):
    """The outcome of a bulk request."""

    @documented(
        operation_id="getBulkStatus",
        summary="Read the outcome of a bulk request",
        description="Kept for 30 days unless RETENTION_BULK_DAYS says otherwise.",
        tags=TAG,
        response=BulkStatusResponse,
        examples=[
            example_response(
                {
                    "id": STORED["id"],
                    "status": "PARTIAL",
                    "progress": {"total": 2, "succeeded": 1, "failed": 1},
                    "success": [{"index": 0, "id": RECORD_ID}],
                    "error": [
                        {
                            "index": 1,
                            "message": "Another client has this username.",
                            "errors": {"username": ["Another client has this username."]},
                        }
                    ],
                }
            )
        ],
    )
    def get(self, request: Request, bulk_id: UUID) -> Response:
        caller = caller_of(request)
        row = visible_rows(caller, BulkTransaction).filter(pk=bulk_id).first()
        if row is None:
            raise NotFound(f"There is no bulk request {bulk_id}.")
        return Response(
            {
                "id": row.id,
                "status": row.status,
                "progress": _progress(row),
                "success": row.success,
                "error": bulk_errors.by_item(row),
            }
        )


def _record_outcomes(
    request: Request, entity_uri: str, operation: Operation, outcomes: list[Any]
) -> BulkTransaction:
    caller = caller_of(request)
    return record_bulk_transaction(
        tenant=caller.tenant,
        client=caller.client,
        entity_uri=entity_uri,
        operation=operation,
        success=[
            {"index": index, "id": str(getattr(outcome, "pk", outcome))}
            for index, outcome in enumerate(outcomes)
            if not isinstance(outcome, Refusal)
        ],
        error=bulk_errors.grouped(outcomes),
    )


def _progress(row: BulkTransaction) -> dict[str, int]:
    succeeded, failed = len(row.success), len(bulk_errors.by_item(row))
    return {"total": succeeded + failed, "succeeded": succeeded, "failed": failed}
