"""Hydrogen's page object and list parameters (docs/hydrogen-contract.md#pages-and-lists)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.exceptions import ValidationError

from nucleus.hydrogen import access_paths, cursors, filters
from nucleus.hydrogen.bounded_lists import BoundedList, Part
from nucleus.hydrogen.cursors import Order
from nucleus.hydrogen.fields import LenientBooleanField
from nucleus.hydrogen.unset_values import is_unset

DEFAULT_SIZE, MAX_SIZE = 25, 100
MAX_PAGE = 1_000_000
WINDOW = "`LIST_WINDOW` (10,000)"  # in the documentation of the API


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
    filter_parameters = (
        [filter_parameter("create_date>=2026-11-01", narrowing=_narrowing(model, fields))]
        if filterable
        else []
    )
    return [
        OpenApiParameter(
            "page",
            {"type": "integer", "minimum": 0, "maximum": MAX_PAGE, "default": 0},
            description=(
                "0-based. Rows that are written meanwhile shift it; a cursor does not. Pages end "
                f"at {WINDOW} rows; go on with a cursor."
            ),
        ),
        OpenApiParameter(
            "cursor",
            {"type": "string", "maxLength": cursors.MAX_LENGTH},
            description=(
                f"`{cursors.START}`, then the `next_cursor` of each response until it is null, "
                "with the other parameters unchanged: no row is repeated or skipped while rows "
                "are written. In place of `page`, for lists of any size. Ordered by "
                f"`{_cursor_order(fields)}` unless `order_by` says otherwise. With "
                "`order_by=update_date` only ascending order is allowed; a row that changes "
                "meanwhile is listed again."
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
            description=(
                f"Lists of more than {WINDOW} rows can be ordered by {_served(model, fields)} only."
            ),
        ),
        OpenApiParameter("ascending", OpenApiTypes.BOOL, default=False),
        *filter_parameters,
    ]


def filter_parameter(example: str, *, narrowing: str = "") -> OpenApiParameter:
    """The `filter` parameter for OpenAPI.

    Args:
        narrowing: the fields of a table of any size by which rows are found.
    """
    large = (
        f" Rows are found by {narrowing}; other conditions are compared with the first {WINDOW} "
        "rows, or, with a cursor, page by page."
    )
    return OpenApiParameter(
        "filter",
        {"type": "string", "maxLength": filters.MAX_LENGTH},
        description=(
            "field==value; also != > >= < <=, joined by && and ||. Quote unusual values."
            f"{large if narrowing else ''}"
        ),
        examples=[OpenApiExample("A filter", value=example)],
    )


def _served(model: type[Model], fields: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in access_paths.orders(model, fields))


def _narrowing(model: type[Model], fields: Sequence[str]) -> str:
    names = access_paths.narrowing_columns(model, filters.comparable(model, fields))
    return ", ".join(f"`{name}`" for name in names)


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
    columns: Sequence[str] = (),
    order_by: str = "update_date",
) -> dict[str, Any]:
    """One page of `rows`, filtered and ordered as the query says; two to four statements.

    Args:
        fields: the names that may be ordered by and filtered on; JSON among them is left out.
        columns: those that `render` reads, of named tuples. Empty: it gets model instances.
        order_by: used where the query says nothing, and has no cursor.
    """
    fields = filters.comparable(rows.model, fields)
    parameters = parse_parameters(query, sortable=fields, order_by=order_by)
    rows = filters.apply(rows, parameters.filter, fields=fields)
    order = Order(rows.model, parameters.order_by, parameters.ascending)
    listed = BoundedList(rows, order, fields=fields, columns=columns)
    if parameters.cursor:
        number, part, next_cursor = _read_at_cursor(listed, parameters)
    else:
        number, next_cursor = parameters.page, None
        part = listed.page(number, parameters.size)
    total = listed.total
    content = [render(row) for row in part.rows]
    pages = -(-total // parameters.size)
    return {
        "content": content,
        "total_elements": total,
        "total_is_exact": listed.is_total_exact,
        "total_pages": pages,
        "number": number,
        "size": parameters.size,
        "number_of_elements": len(content),
        "first": number == 0,
        "last": part.end is None,
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
    listed: BoundedList, parameters: ListParameters
) -> tuple[int, Part, str | None]:
    """The page's number, its rows, and the cursor of the next page if there is one."""
    order = listed.order
    direction = "ascending" if parameters.ascending else "descending"
    # A hash, because a filter may be longer than a cursor can be.
    filter_hash = hashlib.sha256(parameters.filter.encode(errors="replace")).hexdigest()
    label = order.model._meta.label
    context = f"cursor 2:{label}:{parameters.order_by}:{direction}:{filter_hash}"
    place, number = None, 0
    if parameters.cursor != cursors.START:
        place, number = cursors.decode(parameters.cursor, order, context=context)
    part = listed.after(place, parameters.size)
    if part.end is None:
        return number, part, None
    return number, part, cursors.encode(part.end, order, number=number + 1, context=context)


def _number(values: Mapping[str, str], name: str, default: int, minimum: int, maximum: int) -> int:
    text = values.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1
    if not minimum <= number <= maximum:
        raise ValidationError({name: [f"Use a whole number from {minimum} to {maximum}."]})
    return number


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
