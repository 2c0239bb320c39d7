"""The `filter` parameter: `client_id==… && amount>=10 || status=="posted"`.

`&&` binds tighter than `||`. Values may be quoted with " or ', which special characters require.
`apply` makes a Django query of it, `matching` filters rows in memory.
"""

from __future__ import annotations

import operator as compare
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError

from nucleus import exact_json
from nucleus.hydrogen.fields import DATE, LenientBooleanField, instant_of, uuid_of
from nucleus.hydrogen.unset_values import is_unset

MAX_LENGTH, MAX_TERMS = 2000, 20
MAX_NUMBER = Decimal(10) ** 16  # values of MoneyField are smaller
LOOKUPS = {"==": "exact", "!=": "exact", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
COMPARISONS = {">": compare.gt, ">=": compare.ge, "<": compare.lt, "<=": compare.le}
TERM = re.compile(
    r"""\s*(?P<field>[a-z_]+)\s*(?P<operator>==|!=|>=|<=|>|<)\s*
        (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s&|"']+))\s*""",
    re.VERBOSE,
)
JOIN = re.compile(r"&&|\|\|")


def comparable(model: type[models.Model], names: Sequence[str]) -> list[str]:
    """Those of the fields that have an order; JSON has none."""
    return [name for name in names if not isinstance(_field(model, name), models.JSONField)]


def text_of(query: Mapping[str, str]) -> str:
    """The `filter` parameter; empty if it is unset."""
    text = query.get("filter", "")
    return "" if is_unset(text) else text


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; the value None stands for null and is only compared with == and !=.

    Attributes:
        end: of the day that begins at `value`, if an instant is compared with a whole day.
    """

    name: str
    operator: str
    value: Any
    end: datetime | None = None


def apply(rows: QuerySet[Any], text: str, *, fields: Sequence[str]) -> QuerySet[Any]:
    """`rows` that match `text`, which may name `fields`.

    Raises ValidationError if it cannot be parsed.
    """
    if not text:
        return rows
    day_columns = getattr(rows.model, "DAY_COLUMNS", {})
    parsed = _parse(text, {name: _field(rows.model, name) for name in fields}, day_columns)
    groups = [Q(*map(_query, group)) for group in parsed]
    query = reduce(compare.or_, groups)
    return rows.filter(query)


def matching(
    rows: Iterable[dict[str, Any]], text: str, *, fields: Mapping[str, models.Field[Any, Any]]
) -> list[dict[str, Any]]:
    """Those of `rows`, dicts in memory, that match `text`; by the same rules as `apply`.

    Args:
        fields: the names that may be compared, and what their values are.
    """
    if not text:
        return list(rows)
    groups = _parse(text, fields)
    return [
        row
        for row in rows
        if any(all(_is_met(condition, row) for condition in group) for group in groups)
    ]


def _parse(
    text: str, fields: Mapping[str, Any], day_columns: Mapping[str, str] | None = None
) -> list[list[Condition]]:
    """Groups of conditions: a row matches if it meets all conditions of any group.

    Args:
        day_columns: column of instants → column of dates that days are compared with instead.
    """
    if len(text) > MAX_LENGTH:
        raise _refusal(f"It is longer than {MAX_LENGTH} characters.")
    groups: list[list[Condition]] = [[]]
    position = 0
    for _ in range(MAX_TERMS):
        term = TERM.match(text, position)
        if term is None:
            raise _refusal(f"Write field==value; this cannot be read: {text[position:][:40]!r}.")
        groups[-1].append(_condition(term, fields, day_columns or {}))
        position = term.end()
        if position == len(text):
            return groups
        join = JOIN.match(text, position)
        if join is None:
            raise _refusal(f"Join conditions with && or ||, not {text[position:][:40]!r}.")
        position = join.end()
        if join.group() == "||":
            groups.append([])
    raise _refusal(f"It has more than {MAX_TERMS} conditions.")


def _condition(
    term: re.Match[str], fields: Mapping[str, Any], day_columns: Mapping[str, str]
) -> Condition:
    name, operator = term["field"], term["operator"]
    if name not in fields:
        raise _refusal(f"There is no field {name!r} to filter on. Fields: {', '.join(fields)}.")
    quoted_or_bare = (term["double"], term["single"], term["bare"])
    text = next(value for value in quoted_or_bare if value is not None)
    if term["bare"] == "null" and operator in ("==", "!="):
        return Condition(name, operator, None)
    value = _value(fields[name], name, text)
    if isinstance(value, bool) and operator not in ("==", "!="):
        raise _refusal(f"{name} is true or false; compare it with == or !=.")
    is_day = isinstance(value, datetime) and DATE.fullmatch(text.strip()) is not None
    if is_day and name in day_columns:
        return Condition(day_columns[name], operator, value.date())
    return Condition(name, operator, value, _next_day(value) if is_day else None)


def _next_day(midnight: datetime) -> datetime:
    try:
        return midnight + timedelta(days=1)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _query(condition: Condition) -> Q:
    name, operator = condition.name, condition.operator
    if condition.value is None:
        return Q(**{f"{name}__isnull": operator == "=="})
    if condition.end is not None:
        return _day_query(name, operator, condition.value, condition.end)
    query = Q(**{f"{name}__{LOOKUPS[operator]}": condition.value})
    return ~query if operator == "!=" else query


def _day_query(name: str, operator: str, start: datetime, end: datetime) -> Q:
    """The comparison of an instant with all of a day."""
    if operator in ("==", "!="):
        within = Q(**{f"{name}__gte": start, f"{name}__lt": end})
        return within if operator == "==" else ~within
    lookup, bound = {
        "<": ("lt", start),
        "<=": ("lt", end),
        ">": ("gte", end),
        ">=": ("gte", start),
    }[operator]
    return Q(**{f"{name}__{lookup}": bound})


def _is_met(condition: Condition, row: dict[str, Any]) -> bool:
    value, operator = row[condition.name], condition.operator
    if condition.end is not None and value is not None and condition.value <= value < condition.end:
        value = condition.value  # every instant of the day equals the day
    if operator in ("==", "!="):
        return bool((value == condition.value) is (operator == "=="))
    return value is not None and bool(COMPARISONS[operator](value, condition.value))


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _value(field: Any, name: str, text: str) -> Any:
    """`text` as a value of the field's type. Raises ValidationError."""
    for field_type, parse in PARSERS.items():
        if isinstance(field, field_type):
            return parse(field, name, text)
    if "\0" in text:
        raise _refusal("A value contains U+0000.")
    return text


def _uuid(field: Any, name: str, text: str) -> UUID:
    value = uuid_of(text)
    if value is None:
        raise _refusal(f"{name} is a UUID with dashes, not {text[:40]!r}.")
    return value


def _boolean(field: Any, name: str, text: str) -> bool:
    try:
        value: bool = LenientBooleanField().to_internal_value(text)
    except ValidationError:
        raise _refusal(f"{name} is true or false.") from None
    return value


def _instant(field: Any, name: str, text: str) -> datetime:
    moment = instant_of(text)
    if moment is None:
        raise _refusal(f"{name} is an instant such as 2026-11-21T09:30:00Z or a date.")
    return moment


def _date(field: Any, name: str, text: str) -> date:
    value: date = _converted(_day, text, f"{name} is a date such as 2026-11-21.")
    return value


def _decimal(field: Any, name: str, text: str) -> Decimal:
    number: Decimal = _converted(exact_json.number, text, f"{name} is a number.")
    places = field.decimal_places
    if number.copy_abs() >= MAX_NUMBER or number != round(number, places):
        raise _refusal(f"{name} is a number of at most 16 digits before the point, {places} after.")
    return number


def _integer(field: Any, name: str, text: str) -> int:
    number: int = _converted(_whole_number, text, f"{name} is a whole number.")
    if abs(number) >= 2**63:
        raise _refusal(f"{name} is too large.")
    return number


# A datetime field is a date field too, so it comes first.
PARSERS: dict[type[Any], Callable[[Any, str, str], Any]] = {
    models.ForeignKey: _uuid,
    models.UUIDField: _uuid,
    models.BooleanField: _boolean,
    models.DateTimeField: _instant,
    models.DateField: _date,
    models.DecimalField: _decimal,
    models.IntegerField: _integer,
}


def _day(text: str) -> date:
    if not DATE.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _whole_number(text: str) -> int:
    number = exact_json.number(text)
    if number != number.to_integral_value():
        raise ValueError(text)
    return int(number)


def _converted(convert: Callable[[str], Any], text: str, message: str) -> Any:
    try:
        return convert(text)
    except ValueError:
        raise _refusal(message) from None


def _refusal(message: str) -> ValidationError:
    return ValidationError({"filter": [message]})
