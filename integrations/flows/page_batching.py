"""Regroups a vendor's pages into batches, each of which one database transaction writes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TypeVar

from integrations.vendors import records

T = TypeVar("T")
BATCH_ROWS = 2000
BATCH_SECONDS = 15.0  # a slow vendor's batches are smaller, as each renews the job's lease


def rebatch(pages: Iterator[records.Batch[T]]) -> Iterator[records.Batch[T]]:
    """Merge pages until they have BATCH_ROWS rows or took BATCH_SECONDS to read.

    Args:
        pages: a vendor's listing; what it raises is raised here.
    """
    pending: list[records.Batch[T]] = []
    began = time.monotonic()
    for page in pages:
        pending.append(page)
        size = sum(len(batch.records) for batch in pending)
        if size >= BATCH_ROWS or time.monotonic() - began >= BATCH_SECONDS:
            yield _merge(pending)
            pending, began = [], time.monotonic()
    if pending:
        yield _merge(pending)


def _merge(pages: list[records.Batch[T]]) -> records.Batch[T]:
    return records.Batch(
        records=tuple(row for page in pages for row in page.records),
        rejected=tuple(item for page in pages for item in page.rejected),
        cursor=pages[-1].cursor,
        removed=tuple(source_id for page in pages for source_id in page.removed),
    )
