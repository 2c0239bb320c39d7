"""What an erasure job stores: its payload and its progress."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.jobs.job_data import JobData


@dataclass(frozen=True)
class ErasePayload(JobData):
    """The row that the erasure is recorded in."""

    erasure_id: str


@dataclass(frozen=True)
class EraseProgress(JobData):
    """How often the vendors have been called."""

    tried: int = 0
