"""What a vendor's API allows and promises, as numbers that flows act by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one vendor API.

    Args:
        poll_seconds: the shortest time between two reads of a member on which a job runs.
        page_size: rows that one page of a list is asked for.
        max_pages: of one list; more of them are an error of the vendor.
        window_days_back: how many days back later retrievals of transactions list at least.
        window_days_ahead: likewise ahead, where pending transactions have dates in the future.
        history_days: how far back the vendor's extended history goes.
        lists_windows_completely: whether the list of a window has every transaction in it, so that
            one that is missing no longer exists. Else only `Batch.removed` says so.
        absent_holding_fields: fields of records.Holding that the API does not have: what is stored
            of them, from another API of the vendor, stays.
    """

    poll_seconds: float = 3.0
    page_size: int = 100
    max_pages: int = 10_000
    window_days_back: int = 90
    window_days_ahead: int = 5
    history_days: int = 731
    lists_windows_completely: bool = False
    absent_holding_fields: frozenset[str] = frozenset()
