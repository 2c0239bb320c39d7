"""/bulk_…: arrays of records, of which all are written or none."""

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
from nucleus.hydrogen.examples import RECORD_ID, example_change, example_request, example_response
from nucleus.hydrogen.fields import IdField
from nucleus.hydrogen.openapi_operations import documented
from nucleus.writes import records

DESCRIPTION = (
    f"At most {writing.MAX_ITEMS} records; the response has them in the order of the request. If "
    "one is invalid, none is written, and `errors` names the invalid ones by their index, from 0."
)


def change_serializer(body: Any) -> Any:
    """The serializer class of an item of PUT: `body` with an `id`, the only required field.

    It describes items for OpenAPI only; they are parsed by `body(partial=True)`.
    """

    class Change(body):  # type: ignore[misc]
        __doc__ = body.__doc__
        id = IdField()

        class Meta(body.Meta):  # type: ignore[misc]
            fields = ["id", *body.Meta.fields]

        def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
            fields: dict[str, Any] = super().get_fields()
            for name, field in fields.items():
                field.required, field.default = name == "id", serializers.empty
            return fields

    Change.__name__ = body.__name__.replace("Body", "Change")
    return Change


class BulkRecordView(RecordView):
    """Create and change many records. Subclasses may narrow `http_method_names`."""

    http_method_names: Sequence[str] = ("post", "put", "options")

    def __init_subclass__(cls) -> None:
        """Describe the inherited operations in terms of the subclass's type of record."""
        super().__init_subclass__()
        record_type = cls.record_type
        body: Any = record_type.body
        response_example = example_response(EXAMPLE_RESPONSES[record_type.path])
        change = {"id": RECORD_ID, **example_change(record_type.example)}
        operations = {
            "post": documented(
                operation_id=f"create{record_type.name}Bulk",
                summary=f"Create {record_type.label}s",
                description=DESCRIPTION,
                tags=record_type.tags,
                request=body(many=True, max_length=writing.MAX_ITEMS),
                response=record_type.schema(many=True),
                examples=[example_request("One record", record_type.example), response_example],
            ),
            "put": documented(
                operation_id=f"update{record_type.name}Bulk",
                summary=f"Change {record_type.label}s",
                description=f"Each item has the `id` and the fields to change. {DESCRIPTION}",
                tags=record_type.tags,
                request=change_serializer(body)(many=True, max_length=writing.MAX_ITEMS),
                response=record_type.schema(many=True),
                examples=[example_request("One record", change), response_example],
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


# The methods of each: docs/hydrogen-contract.md#nucleus-endpoints.


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
