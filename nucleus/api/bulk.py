"""Many records in one request: /bulk_… with arrays in and out, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from nucleus.api import record_types, writing
from nucleus.api.record_types import EXAMPLE_RESPONSES
from nucleus.api.records import RecordView
from nucleus.hydrogen.examples import RECORD_ID, answered, changed, written
from nucleus.hydrogen.fields import IdField
from nucleus.hydrogen.openapi_operations import documented
from nucleus.writes import records

DESCRIPTION = (
    f"At most {writing.MAX_ITEMS} records; the response has them in the order of the request. All "
    "or nothing: if one is wrong, none is written, and `errors` has the wrong ones by index, "
    "from 0."
)


def _change_of(body: Any) -> Any:
    """The schema of an item of PUT: the body with an `id`, which alone is required."""

    def get_fields(self: Any) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields: dict[str, Any] = body.get_fields(self)
        for name, field in fields.items():
            field.required, field.default = name == "id", serializers.empty
        return fields

    meta = type("Meta", (body.Meta,), {"fields": ["id", *body.Meta.fields]})
    attributes = {
        "id": IdField(),
        "Meta": meta,
        "__doc__": body.__doc__,
        "get_fields": get_fields,
    }
    return type(body.__name__.replace("Body", "Change"), (body,), attributes)


class BulkRecordView(RecordView):
    """Create and change many. Subclasses may narrow `http_method_names`."""

    http_method_names: Sequence[str] = ("post", "put", "options")

    def __init_subclass__(cls) -> None:
        """Describe the inherited operations in terms of the subclass's type of record."""
        super().__init_subclass__()
        record_type = cls.record_type
        body: Any = record_type.body
        response_example = answered(EXAMPLE_RESPONSES[record_type.path])
        change = {"id": RECORD_ID, **changed(record_type.example)}
        operations = {
            "post": documented(
                operation_id=f"create{record_type.name}Bulk",
                summary=f"Create {record_type.label}s",
                description=DESCRIPTION,
                tags=record_type.tags,
                request=body(many=True, max_length=writing.MAX_ITEMS),
                response=record_type.schema(many=True),
                examples=[written("One record", record_type.example), response_example],
            ),
            "put": documented(
                operation_id=f"update{record_type.name}Bulk",
                summary=f"Change {record_type.label}s",
                description=f"Each item has the `id` and the fields to change. {DESCRIPTION}",
                tags=record_type.tags,
                request=_change_of(body)(many=True, max_length=writing.MAX_ITEMS),
                response=record_type.schema(many=True),
                examples=[written("One record", change), response_example],
            ),
        }
        allowed = {name: operations[name] for name in operations if name in cls.http_method_names}
        extend_schema_view(**allowed)(cls)

    def post(self, request: Request) -> Response:
        body = self.record_type.body()
        items = [writing.parse_item(body, item) for item in writing.items_of(request)]
        try:
            rows = records.create(
                writer=writing.writer_of(request),
                model=self.record_type.model,
                items=items,
                all_or_nothing=True,
            )
        except records.Rejected as rejected:
            raise writing.rejection(rejected.outcomes) from None
        return Response([self.render(request, row) for row in rows])

    def put(self, request: Request) -> Response:
        body = self.record_type.body(partial=True)
        items = [
            (writing.id_of(item), writing.parse_item(body, item))
            for item in writing.items_of(request)
        ]
        try:
            rows = records.update(
                writer=writing.writer_of(request),
                rows=self.record_type.visible_rows(request),
                items=items,
                all_or_nothing=True,
            )
        except records.Rejected as rejected:
            raise writing.rejection(rejected.outcomes) from None
        return Response([self.render(request, row) for row in rows])


# Which of them have which methods: docs/hydrogen-contract.md#nucleus-endpoints.


class BulkAggregationAccountView(BulkRecordView):
    record_type = record_types.AGGREGATION_ACCOUNT


class BulkHoldingView(BulkRecordView):
    record_type = record_types.HOLDING


class BulkBalanceView(BulkRecordView):
    record_type = record_types.BALANCE
    http_method_names = ("post", "options")


class BulkTransactionView(BulkRecordView):
    record_type = record_types.TRANSACTION
    http_method_names = ("post", "options")


class BulkBankLinkView(BulkRecordView):
    record_type = record_types.BANK_LINK
    http_method_names = ("put", "options")
