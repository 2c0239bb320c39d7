"""For the few queries that are asked so often that they are written as text."""

from __future__ import annotations

from typing import Any

from django.db import connection, models


def parameter(model: type[models.Model], name: str, value: Any) -> Any:
    """What this database takes for a value of that column."""
    field: Any = model._meta.get_field(name)
    return field.get_db_prep_value(value, connection)
