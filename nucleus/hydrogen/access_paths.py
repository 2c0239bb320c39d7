"""Which index of a table serves a list: its conditions, and its order.

Read from the models' own indexes, so that an index which is added or dropped changes what large
lists allow, and what the API's documentation says of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Exists, ForeignKey, Model, Q, QuerySet
from django.db.models.expressions import Col
from django.db.models.lookups import Lookup
from django.db.models.sql.where import NothingNode, WhereNode

RANGES = frozenset(("gt", "gte", "lt", "lte"))


@dataclass(frozen=True, slots=True)
class AccessPath:
    """An index: its columns, and which rows it has (None: all)."""

    columns: tuple[str, ...]
    condition: Q | None = None


@dataclass(slots=True)
class Conditions:
    """What a list's rows have in common, as far as an index may serve it.

    Attributes:
        nodes: all must hold.
        equal: the columns that are compared with one value.
        usable: the indexes that have all these rows.
    """

    model: type[Model]
    nodes: tuple[Any, ...]
    equal: dict[str, Any]
    alias: str
    joins: Mapping[str, Any] = field(default_factory=dict)
    usable: list[AccessPath] = field(init=False)

    def __post_init__(self) -> None:
        self.usable = [path for path in paths(self.model) if self._implies(path.condition)]

    @classmethod
    def of(cls, rows: QuerySet[Any]) -> Conditions:
        alias = rows.query.get_initial_alias()
        nodes = tuple(_flattened(rows.query.where))
        return cls(rows.model, nodes, _equal(nodes, alias), alias, rows.query.alias_map)

    def is_of_tenant(self, node: Any) -> bool:
        """Whether the condition names the tenant."""
        return _column(node, self.alias) == "tenant_id" and node.lookup_name == "exact"

    def is_narrowing(self, node: Any) -> bool:
        """Whether an index finds the rows of this condition without reading the others."""
        if _is_scope(node):
            return True
        if isinstance(node, WhereNode):  # alternatives
            return not node.negated and all(self._has_narrowing(child) for child in node.children)
        if not isinstance(node, Lookup) or node.lookup_name not in RANGES | {"exact", "in"}:
            return False
        column = _column(node, self.alias)
        if column is None:
            return _is_of_other_row(node, self.alias)
        return column != "tenant_id" and any(
            column in path.columns[: self._bound(path) + 1] or column in _values(path.condition)
            for path in self.usable
        )

    def alternatives(self, node: Any, *, at_most: int) -> tuple[str, list[Any]]:
        """The column of the list's own table and its values that together are this condition.

        No values if it is another kind of condition, or there are more.
        """
        if isinstance(node, WhereNode) and node.connector == "OR" and not node.negated:
            equal = [_equal([child], self.alias) for child in node.children]
            columns = {column for one_value in equal for column in one_value}
            if all(equal) and len(columns) == 1:
                (column,) = columns
                return column, list(dict.fromkeys(one_value[column] for one_value in equal))
        join = self._join(node)
        if join is None:
            return "", []
        referred = join.join_field.related_model._base_manager
        rows = referred.filter(**{node.lhs.target.attname: node.rhs}).values_list("pk", flat=True)
        values = list(rows[: at_most + 1])
        return join.join_field.attname, values if len(values) <= at_most else []

    def covering_order(self, preferred: str) -> str | None:
        """A column in whose order an index has these rows and no others."""
        ranges = [_column(node, self.alias) for node in self.nodes if _is_range(node)]
        for column in dict.fromkeys((preferred, *ranges, "update_date", "create_date")):
            path = self.serving_order(column) if column else None
            if path is not None and all(self.is_served(node, path) for node in self.nodes):
                return column
        return None

    def serving_order(self, order_by: str) -> AccessPath | None:
        """The index that has the rows in this order, and serves most of the conditions."""
        if is_nullable(self.model, order_by):
            return None  # the databases differ in where an index has null
        column: Any = self.model._meta.get_field(order_by)
        candidates = [
            path
            for path in self.usable
            if path.columns[(bound := self._bound(path)) : bound + 1] == (column.attname,)
            and self._is_of_tenant(path, bound)
        ]

        def served(path: AccessPath) -> int:
            return sum(self.is_served(node, path) for node in self.nodes)

        return max(candidates, key=served, default=None)

    def is_served(self, node: Any, path: AccessPath) -> bool:
        """Whether the part of the index that is read has no rows that fail this condition."""
        if _is_scope(node):
            return True
        bound = self._bound(path)
        column = _column(node, self.alias)
        if column is None:  # the same for all rows that belong to one row
            join = self._join(node)
            return join is not None and join.join_field.attname in self.equal
        if node.lookup_name == "exact":
            is_in_all_rows = column == "tenant_id" or column in _values(path.condition)
            return is_in_all_rows or column in path.columns[:bound]
        return node.lookup_name in RANGES and column in path.columns[bound : bound + 1]

    def _join(self, node: Any) -> Any:
        """How the list's rows lead to the row that the condition is about."""
        join = self.joins.get(node.lhs.alias) if _is_of_other_row(node, self.alias) else None
        return join if join is not None and join.parent_alias == self.alias else None

    def _has_narrowing(self, alternative: Any) -> bool:
        is_group = isinstance(alternative, WhereNode)
        nodes = tuple(_flattened(alternative)) if is_group else (alternative,)
        equal = self.equal | _equal(nodes, self.alias)
        conditions = Conditions(self.model, nodes, equal, self.alias)
        return any(conditions.is_narrowing(node) for node in nodes)

    def _bound(self, path: AccessPath) -> int:
        """How many of the index's first columns are compared with one value."""
        for number, column in enumerate(path.columns):
            if column not in self.equal:
                return number
        return len(path.columns)

    def _is_of_tenant(self, path: AccessPath, bound: int) -> bool:
        """Whether the rows that are read belong to one tenant, if the list's do."""
        if "tenant_id" not in self.equal:
            return True
        return any(
            isinstance(self.model._meta.get_field(column), ForeignKey)
            for column in path.columns[:bound]
        )

    def _implies(self, condition: Q | None) -> bool:
        """Whether all rows of the list are in an index with this condition."""
        if condition is None:
            return True
        if condition.negated or condition.connector != Q.AND:
            return False
        return all(
            isinstance(child, tuple) and self._implies_term(*child) for child in condition.children
        )

    def _implies_term(self, name: str, value: Any) -> bool:
        column = name.removesuffix("__isnull")
        if column != name:
            return value is False and column in self.equal
        # SQLite prepares a statement before it knows the values, so only flags are in its text.
        is_in_text = isinstance(value, bool) or connection.vendor != "sqlite"
        return is_in_text and column in self.equal and self.equal[column] == value


def is_nullable(model: type[Model], name: str) -> bool:
    """Whether the column may be null in a list."""
    always_set: frozenset[str] = getattr(model, "ALWAYS_SET", frozenset())
    return bool(model._meta.get_field(name).null) and name not in always_set


@cache
def paths(model: type[Model]) -> tuple[AccessPath, ...]:
    """The table's indexes, those of its constraints and foreign keys included."""
    options: Any = model._meta
    result = [AccessPath((options.pk.attname,))]
    for index in options.indexes:
        if not index.fields:
            continue  # of expressions, which no list compares or is ordered by
        result.append(_path(model, index.fields, index.condition))
    for constraint in options.total_unique_constraints:
        result.append(_path(model, constraint.fields, None))
    for column in options.local_concrete_fields:
        if column.db_index or (column.unique and not column.primary_key):
            result.append(AccessPath((column.attname,)))
    return tuple(result)


def orders(model: type[Model], names: Iterable[str]) -> list[str]:
    """Those of the orders that an index serves for all rows of a tenant."""
    has_tenant = any(column.name == "tenant" for column in model._meta.get_fields())
    equal = {"tenant_id": None} if has_tenant and not _tenant_is_optional(model) else {}
    conditions = Conditions(model, (), equal, model._meta.db_table)
    return [name for name in names if conditions.serving_order(name) is not None]


def leads_to_rows(model: type[Model], name: str) -> bool:
    """Whether an index finds the rows of one value of the column."""
    return bool(narrowing_columns(model, [name]))


def narrowing_columns(model: type[Model], names: Iterable[str]) -> list[str]:
    """Those of the columns for which an index finds the rows of one value."""
    columns: set[str] = set()
    for path in paths(model):
        if path.condition is None or _is_presence(path.condition):
            columns.update(path.columns[path.columns[0] == "tenant_id" :][:1])
    return [name for name in names if model._meta.get_field(name).attname in columns]  # type: ignore[union-attr]


def _values(condition: Q | None) -> set[str]:
    """The columns of which an index has one value only."""
    terms = condition.children if condition is not None else ()
    return {term[0] for term in terms if isinstance(term, tuple) and "__" not in term[0]}


def _is_presence(condition: Q) -> bool:
    """Whether the index has the rows whose columns are not null."""
    return all(
        isinstance(child, tuple) and child[0].endswith("__isnull") for child in condition.children
    )


def _tenant_is_optional(model: type[Model]) -> bool:
    return bool(model._meta.get_field("tenant").null)


def _path(model: type[Model], names: Sequence[str], condition: Q | None) -> AccessPath:
    columns: list[Any] = [model._meta.get_field(name.removeprefix("-")) for name in names]
    return AccessPath(tuple(column.attname for column in columns), condition)


def _flattened(where: WhereNode) -> Iterable[Any]:
    """The conditions that must all hold."""
    if where.negated or (where.connector != "AND" and len(where.children) > 1):
        yield where
        return
    for child in where.children:
        if isinstance(child, WhereNode):
            yield from _flattened(child)
        else:
            yield child


def _is_scope(node: Any) -> bool:
    """Whether the condition is about what the caller may see, and has an index of its own."""
    return isinstance(node, NothingNode) or (
        isinstance(node, Lookup) and isinstance(node.lhs, Exists)
    )


def _equal(nodes: Iterable[Any], alias: str) -> dict[str, Any]:
    return {
        column: node.rhs
        for node in nodes
        if (column := _column(node, alias)) and node.lookup_name == "exact"
    }


def _is_of_other_row(node: Any, alias: str) -> bool:
    """Whether the condition is about the owner of a row to which the list's row belongs."""
    return (
        isinstance(node, Lookup)
        and node.lookup_name == "exact"
        and isinstance(node.lhs, Col)
        and node.lhs.alias != alias
        and isinstance(node.lhs.target, ForeignKey)
    )


def _is_range(node: Any) -> bool:
    return isinstance(node, Lookup) and node.lookup_name in RANGES


def _column(node: Any, alias: str) -> str | None:
    """The column of the list's own table that the condition compares with a value."""
    if not isinstance(node, Lookup) or not isinstance(node.lhs, Col) or node.lhs.alias != alias:
        return None
    target: Any = node.lhs.target
    return str(target.attname)
