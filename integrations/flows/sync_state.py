"""What a sync job stores, and whether there is anything new to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.utils import timezone

from integrations.flows.transaction_listing import ListingProgress
from integrations.jobs.job_data import JobData
from integrations.jobs.job_queue import JobRun
from integrations.models import Member
from integrations.vendors import records
from nucleus.plausibility import plausible_instant

FULL_SYNC_INTERVAL = timedelta(hours=24)
IMPORT_TIME_RESOLUTION = timedelta(seconds=2)


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


def has_new_import(member: Member, vendor_member: records.Member) -> bool:
    """Whether the vendor has imported since all accounts were last read, or a read has failed.

    The vendor states times in seconds, so a sync that began within IMPORT_TIME_RESOLUTION of the
    import may have missed some of it.
    """
    now = timezone.now()
    if member.read_problem:
        return True
    if member.synced_at is None or member.synced_at < now - FULL_SYNC_INTERVAL:
        return True
    imported = plausible_instant(vendor_member.successfully_aggregated_at, now=now)
    if imported is None or imported != member.synced_through:
        return True  # a time that cannot be true is as none: it must not hide an import
    return member.synced_at < imported + IMPORT_TIME_RESOLUTION


def begin_reading(run: JobRun, import_id: str, now: datetime) -> datetime:
    """When reading the import `import_id` began: now, unless an earlier run has begun it."""
    progress = run.progress(SyncProgress)
    if progress.import_id == import_id and progress.reading_since is not None:
        return datetime.fromisoformat(progress.reading_since)
    restarted = replace(
        progress.without_read_state(), import_id=import_id, reading_since=now.isoformat()
    )
    run.job.progress = restarted.to_json()  # saved with the first data that is read
    return now
