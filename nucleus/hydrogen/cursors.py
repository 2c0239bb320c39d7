"""Cursors: positions in a list that stay true while rows are written.

A page number counts rows from the start, so a row that is written meanwhile shifts all later pages.
A cursor holds the last row's place in the order instead (keyset paging). It is encrypted, because
that place may be a name and cursors are part of URLs, which proxies log.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, Q
from rest_framework.exceptions import ValidationError

from nucleus.encryption import DecryptionFailed, decrypt, encrypt

START = "start"
MAX_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place after one row of a list.

    Attributes:
        value: the row's value in the column of the order, as text; None for null.
        row_id: settles ties.
        number: of the page that begins here, 0-based.
    """

    value: str | None
    row_id: UUID
    number: int


def encode(row: Model, order_by: str, *, number: int, context: str) -> str:
    """The cursor behind `row`, with which page `number` begins.

    Args:
        context: names the list, its order and filter; the cursor is valid for no others.
    """
    field: Any = row._meta.get_field(order_by)
    is_null = getattr(row, field.attname) is None
    value = None if is_null else field.value_to_string(row)
    return encrypt(json.dumps([value, str(row.pk), number]), context=context)


def decode(text: str, *, context: str) -> Cursor:
    """Read a cursor that a client sends back. Raises ValidationError for any other text."""
    try:
        value, row_id, number = json.loads(decrypt(text, context=context))
    except DecryptionFailed:
        message = (
            "This is no cursor of this list with this order and filter. Begin with "
            f"cursor={START}, then repeat the parameters with each next_cursor."
        )
        raise ValidationError({"cursor": [message]}) from None
    return Cursor(value=value, row_id=UUID(row_id), number=number)


def rows_after(model: type[Model], cursor: Cursor, order_by: str, *, ascending: bool) -> Q:
    """The condition for rows behind the cursor, ids settling ties. Null sorts below everything."""
    ties = Q(id__gt=cursor.row_id)
    is_null = Q(**{f"{order_by}__isnull": True})
    if cursor.value is None:
        return (is_null & ties) | ~is_null if ascending else is_null & ties
    field: Any = model._meta.get_field(order_by)
    value = field.to_python(cursor.value)
    direction = "gt" if ascending else "lt"
    behind = Q(**{f"{order_by}__{direction}": value})
    if order_by == "id":
        return behind
    behind |= Q(**{order_by: value}) & ties
    return behind | is_null if field.null and not ascending else behind
