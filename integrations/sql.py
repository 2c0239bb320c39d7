"""Parameters of raw SQL. Each module with raw SQL has `queries` in its name and says why."""

from __future__ import annotations

from typing import Any

from django.db import connection, models


def parameter(model: type[models.Model], field: str, value: Any) -> Any:
    """`value` as the database stores it in that field: UUIDs and times differ by database."""
    return model._meta.get_field(field).get_db_prep_value(value, connection)  # type: ignore[union-attr]
