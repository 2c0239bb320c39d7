"""Queries that the ORM compiles once per process and that run with other values each time.

For a query of some dozens of columns Django compiles several times as long as PostgreSQL runs it.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Expression, Field, Model, QuerySet

Row = TypeVar("Row", bound=Model)
_Converter = tuple[int, tuple[Any, ...], Any]  # column, functions, expression


class Parameter(Expression):
    """A value that `CompiledQuery.rows` gets by this name; `field` says how it is sent."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]

    def sent(self, values: dict[str, Any]) -> Any:
        """The value as the database's driver takes it."""
        return self.output_field.get_db_prep_value(values[self.name], connection=connection)


@dataclass(frozen=True, slots=True)
class Statement:
    """The SQL of a query, its parameters, and what makes the ORM's values of its columns."""

    sql: str
    parameters: tuple[Any, ...]
    converters: tuple[_Converter, ...]

    def rows(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows of `sql`, which has the columns of this statement."""
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        if not self.converters:
            return rows
        return [_converted(row, self.converters) for row in rows]


class CompiledQuery:
    """The query that `build` returns: one of `values_list`, with `Parameter`s in its conditions."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self._build = build
        self._statement: Statement | None = None

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows, with the values of columns that the ORM would return."""
        statement = self._statement or self._compile()
        parameters = [
            parameter.sent(values) if isinstance(parameter, Parameter) else parameter
            for parameter in statement.parameters
        ]
        return statement.rows(statement.sql, parameters)

    def _compile(self) -> Statement:
        self._statement = compiled(self._build())
        return self._statement


class RawQuery:
    """A statement of raw SQL that returns `all_columns` of some models, and further columns.

    Args:
        models: in the order of their columns, which come first.
    """

    def __init__(self, *models: type[Model]) -> None:
        self._models = models
        self._converters: tuple[_Converter, ...] | None = None

    def rows(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows, with the values of the models' columns that the ORM would return."""
        if self._converters is None:
            self._converters = tuple(self._compile())
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return [_converted(row, self._converters) for row in cursor.fetchall()]

    def _compile(self) -> Iterator[_Converter]:
        start = 0
        for model in self._models:
            names = all_columns(model)
            statement = compiled(model._base_manager.values_list(*names))
            for column, functions, expression in statement.converters:
                yield start + column, functions, expression
            start += len(names)


def compiled(rows: QuerySet[Any, Any]) -> Statement:
    """The query's statement. Raises EmptyResultSet if it can have no rows."""
    compiler = rows.query.get_compiler(connection=connection)
    sql, parameters = compiler.as_sql()
    expressions = [selected[0] for selected in compiler.select or ()]
    converters = compiler.get_converters(expressions)
    return Statement(
        sql=sql,
        parameters=tuple(parameters),
        converters=tuple(
            (column, tuple(functions), expression)
            for column, (functions, expression) in converters.items()
        ),
    )


def _converted(row: tuple[Any, ...], converters: tuple[_Converter, ...]) -> tuple[Any, ...]:
    values = list(row)
    for column, functions, expression in converters:
        for function in functions:
            values[column] = function(values[column], expression, connection)
    return tuple(values)


@cache
def row_type(columns: tuple[str, ...]) -> Any:
    """Named tuples of these columns."""
    return namedtuple("Columns", columns)


def all_columns(model: type[Model], prefix: str = "") -> list[str]:
    """The names of all columns of `model` for `values_list`, behind the path that leads to it."""
    return [prefix + field.attname for field in model._meta.concrete_fields]


def next_instance(model: type[Row], values: Iterator[Any]) -> Row | None:
    """The row whose `all_columns` are the next values; None if a join has left them null."""
    fields = model._meta.concrete_fields
    own = list(islice(values, len(fields)))
    if own[fields.index(model._meta.pk)] is None:
        return None
    return model.from_db(connection.alias, [field.attname for field in fields], own)


def partial_instance(model: type[Row], names: Sequence[str], values: Sequence[Any]) -> Row:
    """A row of which these columns were read, the first of `values`; others are read when used."""
    columns = dict(zip(names, values, strict=False))
    ordered = [  # as Django takes them
        field.attname for field in model._meta.concrete_fields if field.attname in columns
    ]
    return model.from_db(connection.alias, ordered, [columns[name] for name in ordered])
