"""Lists and single records of everything that belongs to a client, and of institutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema_view
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.api import record_types, writing
from nucleus.api.damaged_rows import DamageTolerant
from nucleus.api.record_types import EXAMPLE_RESPONSES, RecordType
from nucleus.caller import caller_of
from nucleus.hydrogen import openapi_schemas, pages
from nucleus.hydrogen.examples import example_change, example_request, example_response
from nucleus.hydrogen.openapi_operations import documented
from nucleus.hydrogen.renderers import Body
from nucleus.reads import currency_conversion
from nucleus.writes import records


class RecordView(APIView):
    """The base of the views of one type of record. Subclasses set `record_type`."""

    record_type: ClassVar[RecordType[Any]]

    def render(self, request: Request, row: Any) -> Body:
        return self.record_type.render(row, caller_of(request))

    def converting_renderer(self, request: Request) -> Callable[[Any], Body]:
        """Renders rows, in the currency that the request names if the type of record has one.

        Raises:
            ValidationError: the currency is unknown.
        """
        caller, render_row = caller_of(request), self.record_type.render

        def render(row: Any) -> Body:
            return render_row(row, caller)

        if self.record_type.converts_currency:
            return currency_conversion.converting(request, render)
        return render


def _conversion_parameters(record_type: RecordType[Any]) -> list[Any]:
    return [currency_conversion.PARAMETER] if record_type.converts_currency else []


class RecordListView(RecordView):
    """Create and list."""

    def __init_subclass__(cls) -> None:
        """Describe the inherited operations in terms of the subclass's type of record."""
        super().__init_subclass__()
        record_type = cls.record_type
        post = documented(
            operation_id=f"createNucleus{record_type.name}",
            summary=f"Create {record_type.label_with_article}",
            tags=record_type.tags,
            request=record_type.body,
            response=record_type.schema,
            examples=[
                example_request(record_type.label.capitalize(), record_type.example),
                example_response(EXAMPLE_RESPONSES[record_type.path]),
            ],
        )
        get = documented(
            operation_id=f"list{record_type.name}",
            summary=f"List {record_type.label}s",
            tags=record_type.tags,
            parameters=[
                *pages.parameters(record_type.model, record_type.fields),
                *_conversion_parameters(record_type),
            ],
            response=openapi_schemas.page_of(record_type.schema),
        )
        extend_schema_view(post=post, get=get)(cls)

    def post(self, request: Request) -> Response:
        item = writing.parse_item(self.record_type.body(), request.data)
        (outcome,) = records.create(
            writer=writing.writer_of(request),
            model=self.record_type.model,
            items=[item],
            all_or_nothing=False,
        )
        writing.raise_if_refused(outcome, self.record_type.label)
        return Response(self.render(request, outcome))

    def get(self, request: Request) -> Response:
        render = DamageTolerant(self.converting_renderer(request))
        page = pages.page(
            self.record_type.visible_rows(request),
            request.query_params,
            fields=self.record_type.fields,
            columns=self.record_type.columns,
            render=render,
        )
        render.check()
        return Response(page)


class RecordDetailView(RecordView):
    """Read, change and delete by id."""

    def __init_subclass__(cls) -> None:
        """Describe the inherited operations in terms of the subclass's type of record."""
        super().__init_subclass__()
        record_type = cls.record_type
        response_example = example_response(EXAMPLE_RESPONSES[record_type.path])
        get = documented(
            operation_id=f"get{record_type.name}",
            summary=f"Read one {record_type.label}",
            tags=record_type.tags,
            parameters=_conversion_parameters(record_type),
            response=record_type.schema,
            examples=[response_example],
        )
        put = documented(
            operation_id=f"updateNucleus{record_type.name}",
            summary=f"Change {record_type.label_with_article}",
            description="Fields that are left out or null keep their values.",
            tags=record_type.tags,
            request=record_type.body(partial=True),
            response=record_type.schema,
            examples=[
                example_request("One field", example_change(record_type.example)),
                response_example,
            ],
        )
        delete = documented(
            operation_id=f"deleteNucleus{record_type.name}",
            summary=f"Delete {record_type.label_with_article}",
            description="Deleting a deleted record is a 404.",
            tags=record_type.tags,
            response=None,
            status=204,
        )
        extend_schema_view(get=get, put=put, delete=delete)(cls)

    def get(self, request: Request, record_id: UUID) -> Response:
        row = self.record_type.find(request, record_id)
        if row is None:
            raise NotFound(f"There is no {self.record_type.label} {record_id}.")
        return Response(self.converting_renderer(request)(row))

    def put(self, request: Request, record_id: UUID) -> Response:
        item = writing.parse_item(self.record_type.body(partial=True), request.data)
        (outcome,) = records.update(
            writer=writing.writer_of(request),
            rows=self.record_type.visible_rows(request),
            items=[(record_id, item)],
            all_or_nothing=False,
        )
        writing.raise_if_refused(outcome, self.record_type.label)
        return Response(self.render(request, outcome))

    def delete(self, request: Request, record_id: UUID) -> Response:
        (outcome,) = records.delete(
            writer=writing.writer_of(request),
            rows=self.record_type.visible_rows(request),
            ids=[record_id],
        )
        writing.raise_if_refused(outcome, self.record_type.label)
        return Response(status=204)


class AggregationAccountListView(RecordListView):
    record_type = record_types.AGGREGATION_ACCOUNT


class AggregationAccountDetailView(RecordDetailView):
    record_type = record_types.AGGREGATION_ACCOUNT


class BalanceListView(RecordListView):
    record_type = record_types.BALANCE


class BalanceDetailView(RecordDetailView):
    record_type = record_types.BALANCE


class TransactionListView(RecordListView):
    record_type = record_types.TRANSACTION


class TransactionDetailView(RecordDetailView):
    record_type = record_types.TRANSACTION


class HoldingListView(RecordListView):
    record_type = record_types.HOLDING


class HoldingDetailView(RecordDetailView):
    record_type = record_types.HOLDING


class BankLinkListView(RecordListView):
    record_type = record_types.BANK_LINK


class BankLinkDetailView(RecordDetailView):
    record_type = record_types.BANK_LINK


class InstitutionListView(RecordListView):
    record_type = record_types.INSTITUTION


class InstitutionDetailView(RecordDetailView):
    record_type = record_types.INSTITUTION
