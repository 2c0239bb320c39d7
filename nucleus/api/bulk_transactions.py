"""/bulk/{entity_uri}: many records in one request, each by itself, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.api import bulk_errors, clients, owners, writing
from nucleus.api.record_types import RECORD_TYPES, RecordType
from nucleus.caller import caller_of
from nucleus.hydrogen.examples import RECORD_ID, STORED, answered, written
from nucleus.hydrogen.fields import InstantField
from nucleus.hydrogen.openapi_operations import documented
from nucleus.models import BulkTransaction, Client
from nucleus.reads.visibility import visible_rows
from nucleus.writes import records
from nucleus.writes.bulk_transactions import record_bulk_transaction
from nucleus.writes.rules import Refusal

TAG = ["Bulk"]
CLIENT = "client"
MAX_CLIENTS = 200  # they go one by one, and SQLite has one writer at a time
ENTITIES: dict[str, RecordType[Any]] = {
    record_type.path.rpartition("/")[2]: record_type for record_type in RECORD_TYPES
}
ENTITY = OpenApiParameter(
    "entity_uri", OpenApiTypes.STR, OpenApiParameter.PATH, enum=[*ENTITIES, CLIENT]
)
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
    f"At most {writing.MAX_ITEMS} items ({MAX_CLIENTS} clients), each by itself: a wrong one does "
    "not keep the others back. All are done when the answer comes; "
    "GET /nucleus/v1/bulk/status/{id} says what became of each."
)


class BulkTransactionResponse(serializers.Serializer[Any]):
    """A bulk request that was worked through."""

    id = serializers.UUIDField()
    status = serializers.CharField(help_text="COMPLETED, PARTIAL or FAILED.")
    data = serializers.DictField(  # type: ignore[assignment]
        help_text="What was asked, and how many items succeeded."
    )
    secondary_id = serializers.CharField(allow_null=True)
    create_date = InstantField()
    update_date = InstantField()


class BulkStatusResponse(serializers.Serializer[Any]):
    """What became of a bulk request."""

    id = serializers.UUIDField()
    status = serializers.CharField(help_text="COMPLETED, PARTIAL or FAILED.")
    progress = serializers.DictField(child=serializers.IntegerField())
    success = serializers.ListField(
        child=serializers.DictField(), help_text="`index` in the request, and `id`."
    )
    error = serializers.ListField(
        child=serializers.DictField(), help_text="`index` in the request, `message` and `errors`."
    )


def _answered(operation: str) -> Any:
    counts = {"total": 1, "succeeded": 1, "failed": 0}
    data = {"entity_uri": CLIENT, "operation": operation, **counts}
    return answered({**STORED, "status": "COMPLETED", "data": data, "secondary_id": None})


class BulkView(APIView):
    """Create, change, delete."""

    @documented(
        operation_id="createBulk",
        summary="Create many records",
        description=f"An array of records. {DESCRIPTION}",
        tags=TAG,
        parameters=[ENTITY],
        request={"application/json": ARRAY},
        response=BulkTransactionResponse,
        examples=[written("Clients", [clients.EXAMPLE]), _answered("create")],
    )
    def post(self, request: Request, entity_uri: str) -> Response:
        return _answer(request, entity_uri, "create", create)

    @documented(
        operation_id="updateBulk",
        summary="Change many records",
        description=f"An array of objects, each with its `id` and what changes. {DESCRIPTION}",
        tags=TAG,
        parameters=[ENTITY],
        request={"application/json": ARRAY},
        response=BulkTransactionResponse,
        examples=[
            written("Clients", [{"id": RECORD_ID, "last_name": "Demo"}]),
            _answered("update"),
        ],
    )
    def put(self, request: Request, entity_uri: str) -> Response:
        return _answer(request, entity_uri, "update", update)

    @documented(
        operation_id="deleteBulk",
        summary="Delete many records",
        description=f"The body is an array of ids, or of objects with an `id`. {DESCRIPTION}",
        tags=TAG,
        parameters=[ENTITY],
        request={"application/json": IDS},
        response=BulkTransactionResponse,
        examples=[written("Clients", [RECORD_ID]), _answered("delete")],
    )
    def delete(self, request: Request, entity_uri: str) -> Response:
        return _answer(request, entity_uri, "delete", delete)


class BulkStatusView(APIView):
    """What became of a bulk request."""

    @documented(
        operation_id="getBulkStatus",
        summary="What became of a bulk request",
        description="Kept for 30 days unless RETENTION_BULK_DAYS says otherwise.",
        tags=TAG,
        response=BulkStatusResponse,
        examples=[
            answered(
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
                "error": bulk_errors.each(row),
            }
        )


def create(request: Request, record_type: RecordType[Any], items: list[Any]) -> list[Any]:
    """The new rows, or refusals."""
    body = record_type.body()
    return records.create(
        writer=writing.writer_of(request),
        model=record_type.model,
        items=[writing.read(body, one) for one in items],
        whole=False,
    )


def update(request: Request, record_type: RecordType[Any], items: list[Any]) -> list[Any]:
    """The changed rows, or refusals."""
    body = record_type.body(partial=True)
    return records.update(
        writer=writing.writer_of(request),
        rows=record_type.visible_rows(request),
        items=[(writing.id_of(one), writing.read(body, one)) for one in items],
        whole=False,
    )


def delete(request: Request, record_type: RecordType[Any], items: list[Any]) -> list[Any]:
    """The ids that were deleted, or refusals."""
    return records.delete(
        writer=writing.writer_of(request),
        rows=record_type.visible_rows(request),
        ids=[writing.id_of(one) for one in items],
    )


def _one_client(request: Request, operation: str, item: Any) -> Any:
    """Clients go one by one: each may start its vendor user."""
    caller = caller_of(request)
    if isinstance(item, dict) and item.get("password"):  # hashing a thousand takes minutes
        return Refusal({"password": ["Set passwords with PUT /nucleus/v1/client/{id}."]})
    try:
        with transaction.atomic():
            if operation == "create":
                return owners.create(caller, clients.CLIENT, item)
            client_id = writing.id_of(item)
            rows = visible_rows(caller, Client)
            client = rows.filter(pk=client_id).select_related("tenant").first()
            if client is None:
                return Refusal({"id": [f"There is no client {client_id}."]}, kind="missing")
            if operation == "update":
                return owners.update(caller, clients.CLIENT, client, item)
            owners.deactivate(caller, clients.CLIENT, client)
            return client
    except APIException as error:
        return writing.refused(error)
    except IntegrityError:
        return Refusal({"username": ["Another client has this username."]})


def _hold_clients(request: Request, items: list[Any]) -> None:
    """Lock the clients that the items name, in one order.

    Otherwise two requests that name the same clients could deadlock.
    """
    ids = {found for item in items if (found := writing.id_of(item))}
    rows = visible_rows(caller_of(request), Client).filter(pk__in=ids)
    list(rows.order_by("pk").select_for_update().values_list("pk"))


def _answer(
    request: Request,
    entity_uri: str,
    operation: str,
    work: Callable[[Request, RecordType[Any], list[Any]], list[Any]],
) -> Response:
    """Do it, and keep what became of each item in the same transaction."""
    record_type = ENTITIES.get(entity_uri)
    if record_type is None and entity_uri != CLIENT:
        known = ", ".join([*ENTITIES, CLIENT])
        raise NotFound(f"There is no kind of record {entity_uri!r}; there are {known}.")
    items = writing.items_of(request)
    if record_type is None and len(items) > MAX_CLIENTS:
        raise ValidationError(f"At most {MAX_CLIENTS} clients in one request.")
    if operation == "delete":
        writing.report_unknown(items, (record_type or clients.CLIENT).schema)
    with transaction.atomic():
        if record_type is None:
            _hold_clients(request, items)
            outcomes = [_one_client(request, operation, item) for item in items]
        else:
            outcomes = work(request, record_type, items)
        row = _recorded(request, entity_uri, operation, outcomes)
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


def _recorded(
    request: Request, entity_uri: str, operation: str, outcomes: list[Any]
) -> BulkTransaction:
    caller = caller_of(request)
    error = bulk_errors.stored(outcomes)
    success = [
        {"index": at, "id": str(getattr(one, "pk", one))}
        for at, one in enumerate(outcomes)
        if not isinstance(one, Refusal)
    ]
    return record_bulk_transaction(
        tenant=caller.tenant,
        client=caller.client,
        entity_uri=entity_uri,
        operation=operation,
        success=success,
        error=error,
    )


def _progress(row: BulkTransaction) -> dict[str, int]:
    succeeded, failed = len(row.success), len(bulk_errors.each(row))
    return {"total": succeeded + failed, "succeeded": succeeded, "failed": failed}
