"""Statements of lists, compiled once for each shape.

A shape is a query without the values of its conditions, which are most of what differs between two
lists. Django compiles a page of some dozens of columns for longer than PostgreSQL takes to run it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import Col
from django.db.models.lookups import Lookup
from django.db.models.sql.where import WhereNode

from nucleus.compiled_queries import Statement, compiled

MAX_SHAPES = 500  # of each process; tenants choose filters
COMPARISONS = frozenset(("exact", "gt", "gte", "lt", "lte"))
PAGE = "{} LIMIT %s OFFSET %s"
COUNT = "SELECT COUNT(*) FROM ({} LIMIT %s) AS counted"

Shape = tuple[Any, ...]  # hashable
_statements: dict[Shape, Statement | None] = {}


class _Unsupported(Exception):
    """A condition whose SQL may depend on its value."""


def page(
    rows: QuerySet[Any, Any],
    choose: Callable[[QuerySet[Any, Any]], QuerySet[Any, Any]],
    key: Hashable,
    *,
    first: int,
    size: int,
) -> list[tuple[Any, ...]]:
    """At most `size` rows from number `first` on.

    Args:
        rows: a list with its conditions.
        choose: adds order and columns (`values_list`) to it.
        key: what `choose` depends on.
    """
    prepared = _prepared(rows, choose, ("page", key))
    if prepared is None:
        return list(choose(rows)[first : first + size])
    statement, values = prepared
    return statement.rows(PAGE.format(statement.sql), [*values, size, first])


def count(
    rows: QuerySet[Any, Any],
    choose: Callable[[QuerySet[Any, Any]], QuerySet[Any, Any]],
    key: Hashable,
    *,
    at_most: int,
) -> int:
    """How many rows there are, up to a number; see `page`."""
    prepared = _prepared(rows, choose, ("count", key))
    if prepared is None:
        return choose(rows)[:at_most].count()
    statement, values = prepared
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(statement.sql), [*values, at_most])
        return int(cursor.fetchone()[0])


def _prepared(
    rows: QuerySet[Any, Any],
    choose: Callable[[QuerySet[Any, Any]], QuerySet[Any, Any]],
    key: Hashable,
) -> tuple[Statement, list[Any]] | None:
    """The statement of the shape and the values for it; None if it cannot be compiled once."""
    query = rows.query
    if query.annotations or query.distinct or query.combinator:
        return None
    values: list[Any] = []
    try:
        conditions = _shape(query.where, values)
    except _Unsupported:
        return None
    shape = (key, rows.model, _tables(rows), conditions)
    try:
        statement = _statements[shape]
    except KeyError:
        if len(_statements) >= MAX_SHAPES:
            _statements.clear()
        statement = compiled(choose(rows))
        if list(statement.parameters) != values:  # it has others, or has them in another order
            statement = None
        _statements[shape] = statement
    return None if statement is None else (statement, values)


def _tables(rows: QuerySet[Any, Any]) -> Shape:
    """The tables and how they are joined."""
    query = rows.query
    return tuple(
        (alias, table.identity, table.join_type, bool(query.alias_refcount[alias]))
        for alias, table in query.alias_map.items()
    )


def _shape(node: Any, values: list[Any]) -> Shape:
    """The condition without its values, which are added to `values`. Raises _Unsupported."""
    if isinstance(node, WhereNode):
        children = tuple(_shape(child, values) for child in node.children)
        return (node.connector, node.negated, children)
    if not isinstance(node, Lookup) or not isinstance(node.lhs, Col):
        raise _Unsupported
    column: Shape = (type(node), node.lhs.alias, node.lhs.target)
    lookup: Any = node
    rhs = lookup.rhs
    if rhs is None or isinstance(rhs, bool):
        return (*column, rhs)  # part of the text
    if lookup.lookup_name not in COMPARISONS or not isinstance(rhs, UUID | str | date | Decimal):
        raise _Unsupported
    _, (value,) = lookup.get_db_prep_lookup(rhs, connection)
    values.append(value)
    return column
