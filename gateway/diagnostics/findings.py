"""What a check found."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    """How urgent a finding is; only FIX fails the command."""

    OK = "OK"
    WARN = "WARN"
    FIX = "FIX"


OK, WARN, FIX = Level


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check.

    Args:
        subject: what was checked, for people.
        message: the result, or what is wrong and how to fix it.
        page: path of the admin's page where it is fixed; empty if it is fixed elsewhere.
    """

    level: Level
    subject: str
    message: str
    page: str = ""
