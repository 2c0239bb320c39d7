"""Hydrogen's page object and list parameters (docs/hydrogen-contract.md#pages-and-lists)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Model, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.exceptions import ValidationError

from nucleus.hydrogen import filters
from nucleus.hydrogen.fields import LenientBooleanField

DEFAULT_SIZE, MAX_SIZE = 25, 100
MAX_PAGE = 1_000_000


def parameters(
    model: type[Model], fields: Sequence[str], *, order_by: str = "update_date"
) -> list[OpenApiParameter]:
    """The list parameters for OpenAPI; arguments as those of `page`."""
    return [
        OpenApiParameter(
            "page",
            {"type": "integer", "minimum": 0, "maximum": MAX_PAGE, "default": 0},
            description="0-based.",
        ),
        OpenApiParameter(
            "size", {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE}
        ),
        OpenApiParameter(
            "order_by",
            OpenApiTypes.STR,
            enum=filters.comparable(model, fields),
            default=order_by,
        ),
        OpenApiParameter("ascending", OpenApiTypes.BOOL, default=False),
        filter_parameter("create_date>=2026-11-01"),
    ]


def filter_parameter(example: str) -> OpenApiParameter:
    """The `filter` parameter for OpenAPI."""
    return OpenApiParameter(
        "filter",
        {"type": "string", "maxLength": filters.MAX_LENGTH},
        description="field==value; also != > >= < <=, joined by && and ||. Quote unusual values.",
        examples=[OpenApiExample("A filter", value=example)],
    )


@dataclass(frozen=True, slots=True)
class ListParameters:
    """The parameters of a request for a list."""

    page: int
    size: int
    order_by: str
    ascending: bool
    filter: str


def parse_parameters(
    query: Mapping[str, str], *, sortable: Sequence[str], order_by: str = "update_date"
) -> ListParameters:
    """The parameters of a list. Raises ValidationError for one that is invalid."""
    values = {name: value for name, value in query.items() if value not in ("", "None")}
    order_by = values.get("order_by", order_by)
    if order_by not in sortable:
        allowed = ", ".join(sortable)
        raise ValidationError({"order_by": [f"Cannot order by {order_by!r}. Fields: {allowed}."]})
    try:
        ascending = LenientBooleanField().to_internal_value(values.get("ascending", "false"))
    except ValidationError as error:
        raise ValidationError({"ascending": error.detail}) from None
    return ListParameters(
        page=_number(values, "page", 0, 0, MAX_PAGE),
        size=_number(values, "size", DEFAULT_SIZE, 1, MAX_SIZE),
        order_by=order_by,
        ascending=ascending,
        filter=values.get("filter", ""),
    )


def page(
    rows: QuerySet[Any],
    query: Mapping[str, str],
    *,
    fields: Sequence[str],
    render: Callable[[Any], dict[str, Any]],
    order_by: str = "update_date",
) -> dict[str, Any]:
    """One page of `rows`, filtered and ordered by the request's parameters; two queries.

    Args:
        fields: names to order by and to filter on; those of JSON columns are ignored.
        order_by: the order if the request has none.
    """
    fields = filters.comparable(rows.model, fields)
    parameters = parse_parameters(query, sortable=fields, order_by=order_by)
    rows = filters.apply(rows, parameters.filter, fields=fields)
    rows = rows.order_by(
        _order(rows.model, parameters), "id"
    )  # ids make the order of equal rows stable
    total = rows.count()
    start = parameters.page * parameters.size
    content = [render(row) for row in rows[start : start + parameters.size]]
    pages = -(-total // parameters.size)
    return {
        "content": content,
        "total_elements": total,
        "total_pages": pages,
        "number": parameters.page,
        "size": parameters.size,
        "number_of_elements": len(content),
        "first": parameters.page == 0,
        "last": parameters.page >= pages - 1,
        "sort": [
            {
                "direction": "ASC" if parameters.ascending else "DESC",
                "property": _camel(parameters.order_by),
                "ignore_case": False,
                "null_handling": "NATIVE",
                "ascending": parameters.ascending,
                "descending": not parameters.ascending,
            }
        ],
    }


def _number(values: Mapping[str, str], name: str, default: int, minimum: int, maximum: int) -> int:
    text = values.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1
    if not minimum <= number <= maximum:
        raise ValidationError({name: [f"Use a whole number from {minimum} to {maximum}."]})
    return number


def _order(model: type[Model], parameters: ListParameters) -> Any:
    """The order, with null below all values on both databases, whose defaults differ."""
    if not model._meta.get_field(parameters.order_by).null:
        return parameters.order_by if parameters.ascending else f"-{parameters.order_by}"
    column = F(parameters.order_by)
    return column.asc(nulls_first=True) if parameters.ascending else column.desc(nulls_last=True)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
