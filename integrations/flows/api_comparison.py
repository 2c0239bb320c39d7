"""What two APIs of a vendor say about the same users, field by field."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from integrations import audit_context
from integrations.models import VendorUser
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorNotFound, VendorUserError

MAX_MEMBERS = 3  # of a user
MAX_ACCOUNTS = 5  # of a connection
MAX_PAGES = 10  # of one listing
MAX_SHOWN = 60  # characters of a value
DAY = timedelta(days=1)
IGNORED_FIELDS = {"raw", "secret"}  # the vendor's own object, and what nobody may read


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one object that the APIs do not agree about."""

    vendor_id: str
    old: Any
    new: Any


@dataclass(slots=True)
class Comparison:
    """What was compared and what came out.

    Attributes:
        compared: how many objects of each kind, for example "account".
        missing: objects that the new API does not have under the same id: kind and vendor's id.
        differences: kind and field → the objects that differ.
    """

    compared: Counter[str] = field(default_factory=Counter)
    missing: list[tuple[str, str]] = field(default_factory=list)
    differences: dict[tuple[str, str], list[Difference]] = field(default_factory=dict)

    @property
    def ids_carry_over(self) -> bool:
        """Whether the new API has every object of the sample under its id."""
        return not self.missing

    @property
    def is_other_client(self) -> bool:
        """Whether the new API has none of the users: its keys belong to another client."""
        kinds = Counter(kind for kind, _ in self.missing)
        return bool(self.compared["user"]) and kinds["user"] == self.compared["user"]

    def summaries(self) -> list[str]:
        """A line for each field that differs, without values: they may be about people."""
        return [
            f"{kind} {name}: {len(items)} of {self.compared[kind]}"
            for (kind, name), items in sorted(self.differences.items())
        ]

    def examples(self) -> list[str]:
        """Likewise, each with the values of one object."""
        firsts = (items[0] for _, items in sorted(self.differences.items()))
        return [
            f"{line}, {first.vendor_id}: {_short(first.old)} → {_short(first.new)}"
            for line, first in zip(self.summaries(), firsts, strict=True)
        ]


class _Comparer:
    """Compares user by user. Raises VendorError if either API fails."""

    def __init__(self, old: Vendor, new: Vendor) -> None:
        self.old, self.new = old, new
        self.result = Comparison()

    def compare_user(self, user_id: str) -> None:
        try:
            before = self.old.read_user(user_id=user_id)
        except VendorNotFound:
            return  # the sync will notice, too
        try:
            after = [self.new.read_user(user_id=user_id)]
        except VendorNotFound:
            after = []
        self._match("user", [before], after)
        if before.is_disabled or not after:
            return
        members = self._match(
            "connection",
            self.old.list_members(user_id=user_id).records[:MAX_MEMBERS],
            _listed(self.new.list_members(user_id=user_id)),
        )
        for member in members:
            self._compare_accounts(user_id, member.id)

    def _compare_accounts(self, user_id: str, member_id: str) -> None:
        accounts = self._match(
            "account",
            self.old.list_accounts(user_id=user_id, member_id=member_id).records[:MAX_ACCOUNTS],
            _listed(self.new.list_accounts(user_id=user_id, member_id=member_id)),
        )
        for account in accounts:
            self._compare_transactions(user_id, account.id)

    def _compare_transactions(self, user_id: str, account_id: str) -> None:
        """The old API's first page with the new one's listing of the same days."""
        today, limits = timezone.now().date(), self.old.limits
        since = today - timedelta(days=limits.window_days_back)
        until = today + timedelta(days=limits.window_days_ahead)
        page = next(_pages(self.old, user_id, account_id, since, until), None)
        if page is None or not page.records:
            return
        days = [_day(row) for row in page.records]
        pages = list(
            itertools.islice(
                # A day more on both sides: dates and instants have different time zones.
                _pages(self.new, user_id, account_id, min(days) - DAY, max(days) + DAY),
                MAX_PAGES,
            )
        )
        listed = [item for batch in pages for item in _listed(batch)]
        self._match("transaction", page.records, listed)

    def _match(self, kind: str, before: Sequence[Any], after: Sequence[Any]) -> list[Any]:
        """Compare objects of the same id; returns those of `before` that `after` has."""
        by_id = {item.id: item for item in after}
        present = []
        for item in before:
            self.result.compared[kind] += 1
            if item.id not in by_id:
                self.result.missing.append((kind, item.id))
                continue
            present.append(item)
            if not isinstance(by_id[item.id], records.RejectedItem):
                self._compare_fields(kind, item, by_id[item.id])
        return present

    def _compare_fields(self, kind: str, before: Any, after: Any) -> None:
        old, new = _flat(before), _flat(after)
        # Metadata, or a merchant, that only one API sends with the object is no contradiction.
        for name in old.keys() & new.keys():
            if old[name] != new[name]:
                difference = Difference(before.id, old[name], new[name])
                self.result.differences.setdefault((kind, name), []).append(difference)


def compare(old: Vendor, new: Vendor, vendor_users: Sequence[VendorUser]) -> Comparison:
    """Compare these users, their connections and accounts, and a page of transactions of each.

    Raises VendorError.
    """
    comparer = _Comparer(old, new)
    for vendor_user in vendor_users:
        with audit_context.audit_subject(
            integration_type=audit_context.AGGREGATION, client_id=vendor_user.client_id
        ):
            try:
                comparer.compare_user(str(vendor_user.vendor_user_id))
            except VendorUserError:  # deleted or disabled while it was compared
                continue
    return comparer.result


def _pages(
    vendor: Vendor, user_id: str, account_id: str, since: date, until: date
) -> Iterator[records.Batch[records.Transaction]]:
    return vendor.transaction_pages(
        user_id=user_id, account_id=account_id, from_date=since, to_date=until
    )


def _day(row: records.Transaction) -> date:
    return row.booking_date or row.transacted_at.date()


def _listed(batch: records.Batch[Any]) -> list[Any]:
    """What the batch has, also what could not be read: it exists."""
    return [*batch.records, *(item for item in batch.rejected if item.id)]


def _flat(record: Any, prefix: str = "") -> dict[str, Any]:
    """The fields of a record by their dotted names."""
    flat: dict[str, Any] = {}
    for column in fields(record):
        value = getattr(record, column.name)
        name = f"{prefix}{column.name}"
        if column.name in IGNORED_FIELDS:
            continue
        if is_dataclass(value):
            flat |= _flat(value, f"{name}.")
        elif column.name == "metadata":
            flat |= {f"{name}.{key}": text for key, text in value.items()}
        else:
            flat[name] = value
    return flat


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
