"""How databases read lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection
from django.db.models import Model


def assert_read_by_index(queries: Iterable[dict[str, Any]], model: type[Model]) -> None:
    """An index has the rows of the list that these queries read, and in its order.

    Ids settle ties where an index does not have them, which sorts a few rows at a time.
    """
    start = f'FROM "{model._meta.db_table}"'
    statements = [query["sql"] for query in queries if start in query["sql"]]
    assert len(statements) > 1, statements  # the total and the page
    for statement in statements:
        plan = _plan(statement)
        assert f"SEQ SCAN ON {model._meta.db_table.upper()}" not in plan, plan
        assert not re.search(r"(?<!INCREMENTAL )\bSORT  \(", plan), plan
        assert "TEMP B-TREE" not in plan.replace("B-TREE FOR LAST TERM", ""), plan


def _plan(statement: str) -> str:
    """The plan for a large table; small ones are read as a whole and sorted."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
            cursor.execute(f"EXPLAIN {statement}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall()).upper()


def rows_read(statement: str) -> int:
    """How many rows PostgreSQL's plan of this statement touches, those filtered out included."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        [[result]] = cursor.fetchall()
    plans = result if isinstance(result, list) else json.loads(result)
    return sum(_rows_of(node) for node in _nodes(plans[0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _rows_of(node: dict[str, Any]) -> int:
    removed = (value for name, value in node.items() if name.startswith("Rows Removed"))
    return int((node["Actual Rows"] + sum(removed)) * node["Actual Loops"])
