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

SIZE, MAX_SIZE = 25, 100
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
            "size", {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": SIZE}
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
        description="field==value; also != > >= < <=, joined by && and ||. Quote odd values.",
        examples=[OpenApiExample("A filter", value=example)],
    )


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list asks for."""

    page: int
    size: int
    order_by: str
    ascending: bool
    filter: str


def listing(
    query: Mapping[str, str], *, sortable: Sequence[str], order_by: str = "update_date"
) -> Listing:
    """The list parameters. Raises ValidationError for what cannot be used."""
    given = {name: value for name, value in query.items() if value not in ("", "None")}
    order_by = given.get("order_by", order_by)
    if order_by not in sortable:
        allowed = ", ".join(sortable)
        raise ValidationError({"order_by": [f"Cannot order by {order_by!r}. Fields: {allowed}."]})
    try:
        ascending = LenientBooleanField().to_internal_value(given.get("ascending", "false"))
    except ValidationError as error:
        raise ValidationError({"ascending": error.detail}) from None
    return Listing(
        page=_number(given, "page", 0, 0, MAX_PAGE),
        size=_number(given, "size", SIZE, 1, MAX_SIZE),
        order_by=order_by,
        ascending=ascending,
        filter=given.get("filter", ""),
    )


def page(
    rows: QuerySet[Any],
    query: Mapping[str, str],
    *,
    fields: Sequence[str],
    render: Callable[[Any], dict[str, Any]],
    order_by: str = "update_date",
) -> dict[str, Any]:
    """One page of `rows`, filtered and ordered as asked; two queries.

    Args:
        fields: the names that may be ordered by and filtered on; JSON among them is left out.
        order_by: used where the query says nothing.
    """
    fields = filters.comparable(rows.model, fields)
    asked = listing(query, sortable=fields, order_by=order_by)
    rows = filters.apply(rows, asked.filter, fields=fields)
    rows = rows.order_by(_order(rows.model, asked), "id")  # ids settle ties between pages
    total = rows.count()
    start = asked.page * asked.size
    content = [render(row) for row in rows[start : start + asked.size]]
    pages = -(-total // asked.size)
    return {
        "content": content,
        "total_elements": total,
        "total_pages": pages,
        "number": asked.page,
        "size": asked.size,
        "number_of_elements": len(content),
        "first": asked.page == 0,
        "last": asked.page >= pages - 1,
        "sort": [
            {
                "direction": "ASC" if asked.ascending else "DESC",
                "property": _camel(asked.order_by),
                "ignore_case": False,
                "null_handling": "NATIVE",
                "ascending": asked.ascending,
                "descending": not asked.ascending,
            }
        ],
    }


def _number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1
    if not least <= number <= most:
        raise ValidationError({name: [f"Use a whole number from {least} to {most}."]})
    return number


def _order(model: type[Model], asked: Listing) -> Any:
    """Null sorts below everything on both databases; each has its own habit otherwise."""
    if not model._meta.get_field(asked.order_by).null:
        return asked.order_by if asked.ascending else f"-{asked.order_by}"
    column = F(asked.order_by)
    return column.asc(nulls_first=True) if asked.ascending else column.desc(nulls_last=True)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
