"""Many records in one request: /bulk_… with arrays in and out, all or nothing."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.api import writing
from nucleus.api.records import EXAMPLES, KINDS, Kind, visible
from nucleus.hydrogen.examples import RECORD_ID, answered, changed, written
from nucleus.hydrogen.fields import IdField
from nucleus.hydrogen.openapi_operations import documented
from nucleus.writes import records

DESCRIPTION = (
    f"At most {writing.MAX_ITEMS} records, answered in the order given. All or nothing: when one "
    "is wrong, none is written and `errors` names the wrong ones by their index, from 0."
)
METHODS = {  # contract section 7
    "aggregation_account": ("post", "put"),
    "aggregation_account_holding": ("post", "put"),
    "aggregation_account_balance": ("post",),
    "aggregation_account_transaction": ("post",),
    "bank_link": ("put",),
}
ARRAYS = tuple((kind, METHODS[kind.path]) for kind in KINDS if kind.path in METHODS)


def _change_of(body: Any) -> Any:
    """Schema of an item of PUT: the same with an id, which alone is required."""

    def get_fields(self: Any) -> dict[str, Any]:
        fields: dict[str, Any] = body.get_fields(self)
        for name, field in fields.items():
            field.required, field.default = name == "id", serializers.empty
        return fields

    meta = type("Meta", (body.Meta,), {"fields": ["id", *body.Meta.fields]})
    members = {
        "id": IdField(),
        "Meta": meta,
        "__doc__": body.__doc__,
        "get_fields": get_fields,
    }
    return type(body.__name__.replace("Body", "Change"), (body,), members)


def view(kind: Kind, methods: tuple[str, ...]) -> type[APIView]:
    """The view of the arrays of a kind."""
    tags = [kind.words.capitalize()]
    answer = answered(EXAMPLES[kind.path])
    new: Any = kind.body

    def rendered(request: Request, outcomes: list[Any]) -> Response:
        return Response([kind.render(row, request) for row in outcomes])

    class Array(APIView):
        http_method_names = [*methods, "options"]

        @documented(
            operation_id=f"create{kind.name}Bulk",
            summary=f"Create {kind.words}s",
            description=DESCRIPTION,
            tags=tags,
            request=new(many=True, max_length=writing.MAX_ITEMS),
            response=kind.schema(many=True),
            examples=[written("One", kind.example), answer],
        )
        def post(self, request: Request) -> Response:
            body = kind.body()
            items = [writing.read(body, one) for one in writing.items_of(request)]
            try:
                outcomes = records.create(
                    writer=writing.writer_of(request), model=kind.model, items=items, whole=True
                )
            except records.Rejected as rejected:
                raise writing.several(rejected.outcomes) from None
            return rendered(request, outcomes)

        @documented(
            operation_id=f"update{kind.name}Bulk",
            summary=f"Change {kind.words}s",
            description=f"Each with its `id` and what changes. {DESCRIPTION}",
            tags=tags,
            request=_change_of(kind.body)(many=True, max_length=writing.MAX_ITEMS),
            response=kind.schema(many=True),
            examples=[written("One", {"id": RECORD_ID, **changed(kind.example)}), answer],
        )
        def put(self, request: Request) -> Response:
            body = kind.body(partial=True)
            items = [
                (writing.id_of(one), writing.read(body, one)) for one in writing.items_of(request)
            ]
            try:
                outcomes = records.update(
                    writer=writing.writer_of(request),
                    rows=visible(request, kind),
                    items=items,
                    whole=True,
                )
            except records.Rejected as rejected:
                raise writing.several(rejected.outcomes) from None
            return rendered(request, outcomes)

    return Array
