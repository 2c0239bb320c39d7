"""What an erasure stores: the payload and progress of its job, and the vendor users to delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NotRequired, TypedDict

from integrations.jobs.job_data import JobData


class VendorUserEntry(TypedDict):
    """An item of Erasure.vendor_users: what is needed to delete a user at its vendor.

    `vendor_user_id` is None if the answer to its creation was lost; `identifier` finds it then.
    `bills_holdings`: the vendor bills the user's positions.
    """

    vendor: str
    vendor_user_id: str | None
    identifier: str
    bills_holdings: NotRequired[bool]


@dataclass(frozen=True)
class ErasePayload(JobData):
    """The row that the erasure is recorded in."""

    erasure_id: str


@dataclass(frozen=True)
class EraseProgress(JobData):
    """How often the vendors have been called."""

    tried: int = 0
