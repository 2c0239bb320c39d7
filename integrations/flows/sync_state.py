"""What a sync job stores: its payload, and what it has read so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from integrations.flows.transaction_listing import ListingProgress
from integrations.jobs.job_data import JobData


@dataclass(frozen=True)
class SyncPayload(JobData):
    """Payload of the three kinds of sync jobs.

    Args:
        member_id: our id of the connection.
        scope: a value of SyncScope.
        only_if_changed: read the accounts only if the vendor has imported since the last sync.
    """

    member_id: str
    scope: str
    only_if_changed: bool = False

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Version 0.1 stored `only_if_changed` as `only_news`."""
        return super().from_json({"only_if_changed": stored.get("only_news", False), **stored})

    @property
    def key(self) -> str:
        suffix = ":changed" if self.only_if_changed else ""
        return f"{self.member_id}:{self.scope}{suffix}"


@dataclass(frozen=True)
class SyncProgress(ListingProgress):
    """What a sync has done so far.

    Args:
        refresh_started: a refresh has made the vendor import.
        import_id: identifies the vendor's import that is being read.
        reading_since: when reading it began, in ISO 8601.
        done: the ids of the AccountLinks that have been read.
    """

    STORED_KEYS: ClassVar[Mapping[str, str]] = {
        "refresh_started": "started",
        "import_id": "stamp",
        "reading_since": "began",
    }

    refresh_started: bool | None = None
    import_id: str | None = None
    reading_since: str | None = None
    done: list[str] | None = None

    def without_read_state(self) -> SyncProgress:
        """The progress with which everything is read again."""
        return SyncProgress(refresh_started=self.refresh_started)
