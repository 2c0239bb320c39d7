"""The seam: what every vendor can do, and what it takes to open one.

A vendor is a package beside this file that exports `SPEC` (spec.py). The adapter it opens returns
records (records.py) and raises errors (errors.py); it never sees a Django model. Every call is one
logical operation with a deadline; list calls follow the vendor's pages up to a bound.
docs/adding-a-vendor.md describes the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from integrations.vendors import records
from integrations.vendors.capabilities import Capability
from integrations.vendors.limits import Limits


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """Limits of every outbound call. Times are seconds."""

    connect_timeout: float = 3.05
    read_timeout: float = 20.0
    call_deadline: float = 30.0  # one HTTP exchange, retries included
    total_deadline: float | None = None  # all calls made through one opened vendor
    max_bytes: int = 10 * 1024 * 1024  # decoded size of one answer
    attempts: int = 3  # of calls that are safe to repeat
    pages_ahead: int = 0  # pages of one list that are read before they are wanted


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One HTTP exchange, fit for the audit log: no ids, bodies, headers or secrets."""

    vendor: str
    operation: str
    method: str
    path_template: str  # e.g. /users/{user_guid}/members
    attempt: int
    status: int | None  # None when no answer came
    duration_ms: int
    error: str | None = None  # the error's code, e.g. vendor_timeout
    retry_after: float | None = None  # seconds the vendor asked for
    # Says nothing about the credential: made elsewhere than configured, or its answer was not used.
    is_probe: bool = False
    # Seconds by which the vendor's clock is ahead of ours; None without a Date header.
    clock_offset: float | None = None


@dataclass(frozen=True, slots=True)
class VendorConfig:
    """Everything needed to open a vendor."""

    api: str  # slug of one of the vendor's APIs, e.g. "atrium"
    base_url: str
    client_id: str
    secret: str = field(repr=False)
    policy: CallPolicy = CallPolicy()
    on_call: Callable[[CallRecord], None] | None = None
    before_call: Callable[[], None] | None = None  # may wait, so as not to call too often
    before_wait: Callable[[], None] | None = None  # for calls that other threads make
    allowed_hosts: tuple[str, ...] = ()  # that may stand for the vendor, besides its own
    # A member's secret by the vendor's ids of its user and itself, for vendors that give one.
    member_secret: Callable[[str, str], str | None] = lambda user_id, member_id: None
    api_version: str = ""  # empty: the newest that the adapter speaks


class Vendor(Protocol):
    """An opened vendor: what every one can do. Any method may raise errors.VendorError.

    What only some can do is in capabilities.py.
    """

    slug: str
    capabilities: frozenset[Capability[Any]]
    limits: Limits

    def close(self) -> None: ...

    def check(self) -> records.CheckResult:
        """Whether the vendor accepts the credential; the result reports a refusal."""
        ...

    def create_user(self, *, identifier: str) -> records.User:
        """Raises errors.VendorConflict when the identifier is taken."""
        ...

    def find_user(self, *, identifier: str) -> records.User | None: ...

    def read_user(self, *, user_id: str) -> records.User: ...

    def delete_user(self, *, user_id: str) -> None: ...

    def widget_url(self, *, user_id: str, options: records.WidgetOptions) -> str:
        """A link that works once and for minutes."""
        ...

    def read_institution(self, *, code: str) -> records.Institution: ...

    def list_members(self, *, user_id: str) -> records.Batch[records.Member]: ...

    def read_member(self, *, user_id: str, member_id: str) -> records.Member:
        """Raises errors.VendorNotFound for a member of another user."""
        ...

    def delete_member(self, *, user_id: str, member_id: str) -> None: ...

    def list_accounts(self, *, user_id: str, member_id: str) -> records.Batch[records.Account]: ...

    def read_account(self, *, user_id: str, account_id: str) -> records.Account: ...

    def transaction_pages(
        self,
        *,
        user_id: str,
        account_id: str,
        from_date: date,
        to_date: date,
        after: str | None = None,
    ) -> Iterator[records.Batch[records.Transaction]]:
        """Transactions from the first to the last day, both included.

        Args:
            after: the `cursor` of a page; only the pages after that one are wanted.

        Raises errors.CursorExpired, before any page, when rows may have moved across pages since
        that cursor.
        """
        ...
