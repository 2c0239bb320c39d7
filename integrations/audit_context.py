"""The subject of vendor calls, for the audit log: our ids, never the vendor's."""

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
    """What an audit row says about its call."""

    integration_type: str = ""
    client_id: UUID | None = None
    account_id: UUID | None = None  # the aggregation account, where it is about one


NO_SUBJECT = Subject()
current_subject: ContextVar[Subject] = ContextVar("current_subject", default=NO_SUBJECT)


@contextmanager
def audit_subject(**fields: Any) -> Iterator[None]:
    """Add to the subject of all calls made inside; takes the fields of Subject."""
    reset = current_subject.set(replace(current_subject.get(), **fields))
    try:
        yield
    finally:
        current_subject.reset(reset)
