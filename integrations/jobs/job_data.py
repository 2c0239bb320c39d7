"""Base of what a job stores as JSON: its payload and its progress."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Self


@dataclasses.dataclass(frozen=True)
class JobData:
    """A frozen dataclass whose fields are JSON values; ids are strings.

    A field that is None is not stored. A class whose keys have changed overrides `from_json`:
    rows that an earlier version stored must still run.

    Attributes:
        STORED_KEYS: field → its key in the stored row, where they differ.
    """

    STORED_KEYS: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read a stored row; keys that are not fields are ignored.

        Raises TypeError if a field without a default is missing.
        """
        keys = {
            field.name: cls.STORED_KEYS.get(field.name, field.name)
            for field in dataclasses.fields(cls)
        }
        return cls(**{name: stored[key] for name, key in keys.items() if key in stored})

    def to_json(self) -> dict[str, Any]:
        """The fields that are not None, for the database."""
        values = {name: value for name, value in vars(self).items() if value is not None}
        return {self.STORED_KEYS.get(name, name): value for name, value in values.items()}
