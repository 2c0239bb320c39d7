"""Orders of lists, and cursors: positions in a list that stay true while rows are written.

A page number counts rows from the start, so a row that is written meanwhile shifts all later pages.
A cursor holds the last row's place in the order instead (keyset paging). It is encrypted, because
that place may be a name and cursors are part of URLs, which proxies log.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.db.models import F, Model, Q
from django.db.models.expressions import OrderBy
from rest_framework.exceptions import ValidationError

from nucleus.encryption import DecryptionFailed, decrypt, encrypt
from nucleus.hydrogen.access_paths import is_nullable

START = "start"
MAX_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one row in an order: its value in the column, and its id, which settles ties."""

    value: Any
    row_id: UUID


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a table's rows, with null below all values on both databases.

    Ids settle ties, ascending where the column descends and the other way round, so that one index
    serves both directions. Conditions on places name one range of that index each.
    """

    model: type[Model]
    column: str
    ascending: bool

    def columns(self, expression: Any = None) -> list[OrderBy]:
        """For `order_by`, with another expression in place of the column."""
        ties = F("id").desc() if self.ascending else F("id").asc()
        if self.column == "id":
            return [F("id").asc() if self.ascending else F("id").desc()]
        column = F(self.column) if expression is None else expression
        if not self._is_nullable:
            return [column.asc() if self.ascending else column.desc(), ties]
        by_value = column.asc(nulls_first=True) if self.ascending else column.desc(nulls_last=True)
        return [by_value, ties]

    def place_of(self, row: Any) -> Place:
        return Place(getattr(row, self._field.attname), row.id)

    def sorted(self, rows: list[Any]) -> list[Any]:
        """Rows whose column is not null, in this order."""
        rows = sorted(rows, key=lambda row: row.id, reverse=self.ascending is (self.column != "id"))
        if self.column == "id":
            return rows
        return sorted(rows, key=lambda row: self.place_of(row).value, reverse=not self.ascending)

    def after(self, place: Place | None) -> list[Q]:
        """The conditions for rows behind the place, one after the other; None: all rows."""
        if place is None:
            return [Q()]
        behind = "gt" if self.ascending else "lt"
        if self.column == "id":
            return [Q(**{f"id__{behind}": place.row_id})]
        ties = Q(**{f"id__{'lt' if self.ascending else 'gt'}": place.row_id})
        is_null = Q(**{f"{self.column}__isnull": True})
        if place.value is None:
            return [is_null & ties, ~is_null] if self.ascending else [is_null & ties]
        same = Q(**{self.column: place.value})
        segments = [same & ties, Q(**{f"{self.column}__{behind}": place.value})]
        if self._is_nullable and not self.ascending:
            segments.append(is_null)
        return segments

    def up_to(self, place: Place) -> Q:
        """The condition for rows before the place, and the row itself."""
        before = "lt" if self.ascending else "gt"
        if self.column == "id":
            return Q(**{f"id__{before}e": place.row_id})
        ties = Q(**{f"id__{'gte' if self.ascending else 'lte'}": place.row_id})
        is_null = Q(**{f"{self.column}__isnull": True})
        if place.value is None:
            return is_null & ties if self.ascending else ~is_null | ties
        within = Q(**{f"{self.column}__{before}e": place.value})  # the range of the index
        rows = within & (Q(**{f"{self.column}__{before}": place.value}) | ties)
        return rows | is_null if self._is_nullable and self.ascending else rows

    @property
    def _is_nullable(self) -> bool:
        return is_nullable(self.model, self.column)

    @property
    def _field(self) -> Any:
        return self.model._meta.get_field(self.column)


def encode(place: Place, order: Order, *, number: int, context: str) -> str:
    """The cursor of a place, behind which page `number` begins.

    Args:
        context: names the list, its order and filter; the cursor is valid for no others.
    """
    field: Any = order.model._meta.get_field(order.column)
    row: Any = SimpleNamespace(**{field.attname: place.value})
    value = None if place.value is None else field.value_to_string(row)
    return encrypt(json.dumps([value, str(place.row_id), number]), context=context)


def decode(text: str, order: Order, *, context: str) -> tuple[Place, int]:
    """Read a cursor that a client sends back. Raises ValidationError for any other text."""
    try:
        value, row_id, number = json.loads(decrypt(text, context=context))
    except DecryptionFailed:
        message = (
            "This is no cursor of this list with this order and filter. Begin with "
            f"cursor={START}, then repeat the parameters with each next_cursor."
        )
        raise ValidationError({"cursor": [message]}) from None
    field: Any = order.model._meta.get_field(order.column)
    return Place(None if value is None else field.to_python(value), UUID(row_id)), number
