"""Columns that staff may neither read nor filter by."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Field, Model

from nucleus.encryption import EncryptedTextField

# Text columns of this and of foreign models (users, OAuth) that are secret though not encrypted.
SECRET_NAME = re.compile(
    r"(?:.*_)?(?:password|secret|token|token_checksum|session_key)|device_code|user_code"
)
TEXT_TYPES = ("CharField", "TextField")


def is_secret(field: Any) -> bool:
    """Whether staff may neither read this column nor filter by it."""
    if isinstance(field, EncryptedTextField):
        return True
    if not isinstance(field, Field) or field.get_internal_type() not in TEXT_TYPES:
        return False
    return SECRET_NAME.fullmatch(field.name) is not None


def secret_names(model: type[Model]) -> frozenset[str]:
    """The names of a model's secret columns."""
    return frozenset(field.name for field in model._meta.get_fields() if is_secret(field))
