"""Context variable with the subject of vendor calls for the audit log: our ids, never vendors'."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

AGGREGATION, VERIFICATION = "aggregation", "iav"  # Hydrogen's integration types


@dataclass(frozen=True, slots=True)
class Subject:
    """What a vendor call is about."""

    integration_type: str = ""
    client_id: UUID | None = None
    account_id: UUID | None = None  # aggregation account, if the call is about one


NO_SUBJECT = Subject()
current_subject: ContextVar[Subject] = ContextVar("current_subject", default=NO_SUBJECT)


@contextmanager
def audit_subject(**fields: Any) -> Iterator[None]:
    """Set these fields of Subject for all vendor calls inside the context."""
    reset = current_subject.set(replace(current_subject.get(), **fields))
    try:
        yield
    finally:
        current_subject.reset(reset)
