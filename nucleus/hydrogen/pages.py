"""Hydrogen's page object and list parameters (docs/hydrogen-contract.md#pages-and-lists)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Model, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.exceptions import ValidationError

from nucleus.hydrogen import cursors, filters
from nucleus.hydrogen.fields import LenientBooleanField
from nucleus.hydrogen.unset_values import is_unset

DEFAULT_SIZE, MAX_SIZE = 25, 100
MAX_PAGE = 1_000_000


def parameters(
    model: type[Model],
    fields: Sequence[str],
    *,
    order_by: str = "update_date",
    filterable: bool = True,
) -> list[OpenApiParameter]:
    """The list parameters for OpenAPI.

    Args:
        fields, order_by: as those of `page`.
        filterable: whether the list takes `filter`; a view without it calls `refuse_filter`.
    """
    filter_parameters = [filter_parameter("create_date>=2026-11-01")] if filterable else []
    return [
        OpenApiParameter(
            "page",
            {"type": "integer", "minimum": 0, "maximum": MAX_PAGE, "default": 0},
            description="0-based. Rows that are written meanwhile shift it; a cursor does not.",
        ),
        OpenApiParameter(
            "cursor",
            {"type": "string", "maxLength": cursors.MAX_LENGTH},
            description=(
                f"`{cursors.START}`, then the `next_cursor` of each response until it is null, "
                "with the other parameters unchanged: no row is repeated or skipped while rows "
                f"are written. In place of `page`. Ordered by `{_cursor_order(fields)}` unless "
                "`order_by` says otherwise. With `order_by=update_date` only ascending order is "
                "allowed; a row that changes meanwhile is listed again."
            ),
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
        *filter_parameters,
    ]


def filter_parameter(example: str) -> OpenApiParameter:
    """The `filter` parameter for OpenAPI."""
    return OpenApiParameter(
        "filter",
        {"type": "string", "maxLength": filters.MAX_LENGTH},
        description="field==value; also != > >= < <=, joined by && and ||. Quote unusual values.",
        examples=[OpenApiExample("A filter", value=example)],
    )


def refuse_filter(query: Mapping[str, str], *, alternatives: Iterable[str]) -> None:
    """Raise ValidationError if the query has a `filter`.

    Args:
        alternatives: the names of the query parameters that the message recommends.
    """
    if not is_unset(query.get("filter")):
        names = ", ".join(alternatives)
        raise ValidationError({"filter": [f"This endpoint has no filter. Use {names}."]})


@dataclass(frozen=True, slots=True)
class ListParameters:
    """The parameters of a request for a list."""

    page: int
    size: int
    order_by: str
    ascending: bool
    filter: str
    cursor: str  # empty: by page number


def parse_parameters(
    query: Mapping[str, str], *, sortable: Sequence[str], order_by: str = "update_date"
) -> ListParameters:
    """The list parameters. Raises ValidationError for what cannot be used."""
    values = {name: value for name, value in query.items() if not is_unset(value)}
    cursor = values.get("cursor", "")
    order_by = values.get("order_by", _cursor_order(sortable) if cursor else order_by)
    if order_by not in sortable:
        allowed = ", ".join(sortable)
        raise ValidationError({"order_by": [f"Cannot order by {order_by!r}. Fields: {allowed}."]})
    try:
        ascending = LenientBooleanField().to_internal_value(values.get("ascending", "false"))
    except ValidationError as error:
        raise ValidationError({"ascending": error.detail}) from None
    parameters = ListParameters(
        page=_number(values, "page", 0, 0, MAX_PAGE),
        size=_number(values, "size", DEFAULT_SIZE, 1, MAX_SIZE),
        order_by=order_by,
        ascending=ascending,
        filter=values.get("filter", ""),
        cursor=cursor,
    )
    if cursor:
        _check_cursor(parameters)
    return parameters


def _check_cursor(parameters: ListParameters) -> None:
    """Raise ValidationError for what does not go together with a cursor."""
    if parameters.page:
        raise ValidationError({"page": ["Give a page or a cursor, not both."]})
    if len(parameters.cursor) > cursors.MAX_LENGTH:
        raise ValidationError({"cursor": [f"At most {cursors.MAX_LENGTH} characters."]})
    if parameters.order_by == "update_date" and not parameters.ascending:
        message = (
            "A row that changes meanwhile would be skipped. With a cursor use ascending=true, or "
            "another order."
        )
        raise ValidationError({"order_by": [message]})


def _cursor_order(fields: Sequence[str]) -> str:
    """The default order with a cursor: a column that never changes."""
    return "create_date" if "create_date" in fields else "id"


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
        order_by: used where the query says nothing, and has no cursor.
    """
    fields = filters.comparable(rows.model, fields)
    parameters = parse_parameters(query, sortable=fields, order_by=order_by)
    rows = filters.apply(rows, parameters.filter, fields=fields)
    rows = rows.order_by(_order(rows.model, parameters), "id")  # ids settle ties between pages
    total = rows.count()
    if parameters.cursor:
        number, page_rows, next_cursor = _read_at_cursor(rows, parameters)
    else:
        number, next_cursor = parameters.page, None
        page_rows = list(rows[number * parameters.size : (number + 1) * parameters.size])
    content = [render(row) for row in page_rows]
    pages = -(-total // parameters.size)
    return {
        "content": content,
        "total_elements": total,
        "total_pages": pages,
        "number": number,
        "size": parameters.size,
        "number_of_elements": len(content),
        "first": number == 0,
        "last": next_cursor is None if parameters.cursor else number >= pages - 1,
        "next_cursor": next_cursor,
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


def _read_at_cursor(
    rows: QuerySet[Any], parameters: ListParameters
) -> tuple[int, list[Any], str | None]:
    """The page's number, its rows, and the cursor of the next page if there is one."""
    direction = "ascending" if parameters.ascending else "descending"
    # A hash, because a filter may be longer than a cursor can be.
    filter_hash = hashlib.sha256(parameters.filter.encode(errors="replace")).hexdigest()
    context = f"cursor:{rows.model._meta.label}:{parameters.order_by}:{direction}:{filter_hash}"
    number = 0
    if parameters.cursor != cursors.START:
        cursor = cursors.decode(parameters.cursor, context=context)
        number = cursor.number
        rows = rows.filter(
            cursors.rows_after(
                rows.model, cursor, parameters.order_by, ascending=parameters.ascending
            )
        )
    page_rows = list(rows[: parameters.size + 1])
    if len(page_rows) <= parameters.size:
        return number, page_rows, None
    del page_rows[parameters.size :]
    next_cursor = cursors.encode(
        page_rows[-1], parameters.order_by, number=number + 1, context=context
    )
    return number, page_rows, next_cursor


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
