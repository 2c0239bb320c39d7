"""Vendor pages gathered into batches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TypeVar

from integrations.vendors import records

T = TypeVar("T")
BATCH_ROWS = 2000
BATCH_SECONDS = 15.0  # a slow vendor's batches are smaller: each renews the lease


def gathered(pages: Iterator[records.Batch[T]]) -> Iterator[records.Batch[T]]:
    """Vendor pages of 100 gathered into batches that are worth a transaction."""
    waiting: list[records.Batch[T]] = []
    began = time.monotonic()
    for page in pages:
        waiting.append(page)
        size = sum(len(one.records) for one in waiting)
        if size >= BATCH_ROWS or time.monotonic() - began >= BATCH_SECONDS:
            yield _one(waiting)
            waiting, began = [], time.monotonic()
    if waiting:
        yield _one(waiting)


def _one(pages: list[records.Batch[T]]) -> records.Batch[T]:
    return records.Batch(
        records=tuple(row for page in pages for row in page.records),
        rejected=tuple(item for page in pages for item in page.rejected),
        cursor=pages[-1].cursor,
    )
