"""Lists whose pages cost the same however many rows the table has.

Four ways to read a page, each of at most `settings.LIST_WINDOW` rows beside the page:

- by the index that has all conditions and the order: as many rows as the page has;
- by an index that finds few rows, which are then filtered and sorted;
- by an index that has the rows of each of several accounts in order, which are then merged;
- by an index that has the order, filtering its first rows; where too few of them match, the list
  is refused, or a page by cursor is short.

All other lists are refused with a message that names the alternatives. Totals are counted up to the
same number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import F, Func, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.sql.where import WhereNode
from rest_framework.exceptions import ValidationError

from nucleus import statement_cache
from nucleus.compiled_queries import row_type
from nucleus.hydrogen import cursors
from nucleus.hydrogen.access_paths import Conditions, narrowing_columns, orders


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a list.

    Attributes:
        end: the place behind them, if there are more rows.
    """

    rows: list[Any]
    end: cursors.Place | None


MAX_BRANCHES = 50  # accounts whose rows are merged


class Unindexed(Func):
    """A column for an order by which the rows are sorted rather than read.

    By its bare name the database may walk an index of the whole tenant in that order, in the hope
    of meeting the few rows that match.
    """

    function = "COALESCE"
    template = "%(function)s(%(expressions)s, %(expressions)s)"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)


class BoundedList:
    """A list in one order, read page by page.

    Args:
        rows: the list, without order.
        fields: what it can be filtered by and ordered by, for messages.
        columns: those that are read, as named tuples, with `id` and that of the order among them.
            Empty: model instances.
    """

    def __init__(
        self,
        rows: QuerySet[Any],
        order: cursors.Order,
        *,
        fields: Sequence[str],
        columns: Sequence[str] = (),
    ) -> None:
        self.rows = rows
        self.columns = columns
        self.order = order
        self._model = rows.model
        self._fields = fields
        self._limit = settings.LIST_WINDOW
        conditions = Conditions.of(rows)
        self._conditions, self._nodes = conditions, conditions.nodes
        path = conditions.serving_order(order.column)
        self._has_index = path is not None
        self._in_index = (
            [node for node in self._nodes if conditions.is_served(node, path)] if path else []
        )
        self._narrowing = [
            node
            for node in self._nodes
            if conditions.is_of_tenant(node) or conditions.is_narrowing(node)
        ]

    @cached_property
    def is_read_by_index(self) -> bool:
        """Whether an index has the list's rows, and no others, in its order."""
        return self._has_index and len(self._in_index) == len(self._nodes)

    @cached_property
    def _candidates(self) -> int:
        """How many rows an index finds that have the other conditions or not."""
        return self._count(self._with(self._narrowing))

    @cached_property
    def _is_sorted(self) -> bool:
        """Whether an index finds few enough rows to read them all. Raises ValidationError."""
        if self._candidates <= self._limit:
            return True
        if not self._has_index:
            raise self._refused_order()
        return False

    @cached_property
    def _branches(self) -> list[BoundedList]:
        """The list as several, if an index has the rows of each in order; else none."""
        for node in self._nodes:
            column, values = self._conditions.alternatives(node, at_most=MAX_BRANCHES)
            if not values:
                continue
            rows = self._with([other for other in self._nodes if other is not node])
            branches = [
                BoundedList(
                    rows.filter(**{column: value}),
                    self.order,
                    fields=self._fields,
                    columns=self.columns,
                )
                for value in values
            ]
            if all(branch.is_read_by_index for branch in branches):
                return branches
        return []

    @cached_property
    def _window_end(self) -> cursors.Place | None:
        """Of a list that is neither: the last row that is read of its index, from the start."""
        return self._read_end_of_window(Q())

    @cached_property
    def total(self) -> int:
        """How many rows there are; one more than are counted if `is_total_exact` is false."""
        if self.is_read_by_index:
            return self._count(self.rows)
        if self._is_sorted:
            has_all = len(self._narrowing) == len(self._nodes)
            return self._candidates if has_all else self._count(self.rows)
        return self._limit + 1

    @cached_property
    def is_total_exact(self) -> bool:
        if self.is_read_by_index:
            return self.total <= self._limit
        return self._is_sorted

    def within_window(self) -> QuerySet[Any]:
        """The rows; where no index finds them, those among the first rows of the order."""
        if not self.is_filtered_in_window:
            return self.rows
        return self.rows.filter(self._up_to(self._window_end))

    @property
    def is_filtered_in_window(self) -> bool:
        """Whether `within_window` leaves out rows that no index finds."""
        return not self.is_read_by_index and self._has_index and not self._is_sorted

    def first_rows(self) -> QuerySet[Any]:
        """Those of the rows that are within the window, also where an index has all of them."""
        if not self._has_index or not (self.is_read_by_index or self.is_filtered_in_window):
            return self.rows
        return self.rows.filter(self._up_to(self._window_end))

    @cached_property
    def order_columns(self) -> list[OrderBy]:
        """For `order_by`, so that the database takes the index that this list is meant to use."""
        return self.order.columns(None if self._uses_index else Unindexed(F(self.order.column)))

    @cached_property
    def _uses_index(self) -> bool:
        return self.is_read_by_index or all(node in self._in_index for node in self._narrowing)

    def page(self, number: int, size: int) -> Part:
        """The page of that number. Raises ValidationError for one that costs too much."""
        first = number * size
        readers = 1 if self.is_total_exact else max(len(self._branches), 1)
        if not self.is_total_exact and (first + size) * readers > self._limit:
            message = (
                f"This list has more than {self._limit:,} rows, and its pages end at "
                f"{self._limit // readers:,}. Go on with cursor={cursors.START} and each "
                f"next_cursor in place of page, or narrow the list{self._by_conditions()}."
            )
            raise ValidationError({"page": [message]})
        if readers > 1:
            return self._merged(None, first, size)
        part = self._read([Q()], first, size)
        if part.end is not None and len(part.rows) < size:
            raise self._refused_filter()
        return part

    def after(self, place: cursors.Place | None, size: int) -> Part:
        """The rows behind a place, or the first ones. Their number may be smaller than `size`."""
        if not (self.is_read_by_index or self._is_sorted) and self._branches:
            return self._merged(place, 0, size)
        return self._read(self.order.after(place), 0, size)

    def _merged(self, place: cursors.Place | None, first: int, size: int) -> Part:
        end = first + size
        rows = [row for branch in self._branches for row in branch.after(place, end + 1).rows]
        rows = self.order.sorted(rows)[first : end + 1]
        more = len(rows) > size
        return Part(rows[:size], self.order.place_of(rows[size - 1]) if more else None)

    def _read(self, segments: Sequence[Q], first: int, size: int) -> Part:
        read: list[Any] = []
        for segment in segments:
            part, end = self.rows.filter(segment), None
            if not (self.is_read_by_index or self._is_sorted):
                end = self._end_of_window(segment)
                part = part.filter(self._up_to(end))
            read += self._ordered(part, first, size + 1 - len(read))
            if len(read) > size:
                return Part(read[:size], self.order.place_of(read[size - 1]))
            if end is not None:
                return Part(read, end)
        return Part(read, None)

    def _end_of_window(self, segment: Q) -> cursors.Place | None:
        return self._read_end_of_window(segment) if segment else self._window_end

    def _read_end_of_window(self, segment: Q) -> cursors.Place | None:
        rows, names = self._with(self._in_index).filter(segment), {"id", self.order.column}
        ordered = rows.select_related(None).only(*names).order_by(*self.order.columns())
        last = ordered[self._limit - 1 : self._limit].first()
        return self.order.place_of(last) if last is not None else None

    def _up_to(self, place: cursors.Place | None) -> Q:
        return self.order.up_to(place) if place is not None else Q()

    def _ordered(self, rows: QuerySet[Any], first: int, size: int) -> list[Any]:
        """At most `size` of the rows from number `first` on, in the list's order."""

        def choose(rows: QuerySet[Any]) -> QuerySet[Any]:
            ordered = rows.order_by(*self.order_columns)
            return ordered.values_list(*self.columns) if self.columns else ordered

        if not self.columns:
            return list(choose(rows)[first : first + size])
        key = (self.columns, self.order, self._uses_index)
        read = statement_cache.page(rows, choose, key, first=first, size=size)
        return [row_type(self.columns)._make(row) for row in read]

    def _with(self, nodes: list[Any]) -> QuerySet[Any]:
        """The list with these of its conditions only."""
        rows = self.rows.all()
        rows.query.where = WhereNode(list(nodes))
        return rows

    def _count(self, rows: QuerySet[Any]) -> int:
        """How many rows there are, up to one more than the limit, by an index if one has them.

        Without an order PostgreSQL would read the table itself where most of it is one tenant's.
        """
        column = Conditions.of(rows).covering_order(self.order.column)

        def choose(rows: QuerySet[Any]) -> QuerySet[Any]:
            order = cursors.Order(self._model, column, ascending=False).columns() if column else ()
            return rows.order_by(*order).values_list("id")

        return statement_cache.count(rows, choose, column, at_most=self._limit + 1)

    def _refused_order(self) -> ValidationError:
        names = ", ".join(orders(self._model, self._fields))
        message = (
            f"More than {self._limit:,} rows cannot be ordered by {self.order.column}. Order by "
            f"{names}, or narrow the list{self._by_conditions()}."
        )
        return ValidationError({"order_by": [message]})

    def _refused_filter(self) -> ValidationError:
        message = (
            f"Too few of the first {self._limit:,} rows match. Narrow the list"
            f"{self._by_conditions()}, or read it with cursor={cursors.START} and each "
            "next_cursor, whose pages may be short."
        )
        return ValidationError({"filter": [message]})

    def _by_conditions(self) -> str:
        names = ", ".join(narrowing_columns(self._model, self._fields))
        return f" by a condition on {names}" if names else ""
