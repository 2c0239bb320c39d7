"""What a request wants to write, or why it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record is not written: reasons by field, and the kind of mistake."""

    errors: dict[str, Any]
    kind: Literal["invalid", "forbidden", "missing"] = "invalid"


Item = Columns | Refusal  # what to write, or why an earlier check refused it
