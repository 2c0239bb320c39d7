"""Parameters of raw SQL. Modules of integrations with raw SQL have `queries` in their names."""

from __future__ import annotations

from typing import Any

from django.db import connection, models


def parameter(model: type[models.Model], field: str, value: Any) -> Any:
    """`value` as the database stores it in that field: UUIDs and times differ by database."""
    return model._meta.get_field(field).get_db_prep_value(value, connection)  # type: ignore[union-attr]
