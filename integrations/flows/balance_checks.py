"""Balances that the vendor reads from the bank for one request, as far as it allows.

Such a check brings balances only, so it is quicker than an import, but vendors limit how often it
runs on a connection. Where it can not run or does not end in time, the response has the balance
that is there, how old it is, and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from integrations.flows import account_pulls, connections, pull_sources, pulls, sync
from integrations.flows.pull_results import vendor_user_id
from integrations.flows.pull_sources import PullSource
from integrations.models import AccountLink, Member
from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import (
    VendorBusy,
    VendorError,
    VendorNotFound,
    VendorUserError,
    policy_of,
)
from integrations.vendors.records import ActionRequiredBy, SyncScope
from nucleus.models import AggregationAccount, AggregationAccountBalance
from nucleus.plausibility import plausible_instant
from nucleus.reads.balances import current_balance
from nucleus.reads.visibility import Viewer

RECENT = timedelta(minutes=1)  # what was read within this time is not read again
NEEDS_PERSON = (ActionRequiredBy.END_USER, ActionRequiredBy.STAFF)
STILL_RUNNING = "The bank is still being read; the balance is stored as soon as that ends."


@dataclass(frozen=True, slots=True)
class BalanceAge:
    """How old a balance is.

    Args:
        as_of: when the vendor last read it from the bank; None if nobody knows.
        reason: why the vendor did not read it for the request; None if it did.
        retry_after: seconds after which it may be read; None if waiting does not help.
    """

    as_of: datetime | None
    reason: str | None = None
    retry_after: float | None = None


def pull_checked(
    *, viewer: Viewer, account: AggregationAccount, source: PullSource | None
) -> tuple[pulls.PullOutcome[AggregationAccountBalance], BalanceAge]:
    """Make the vendor read the account's balance from the bank, wait for it, and pull it.

    Args:
        source: where the vendor has it; None for a disconnected account.

    Raises FlowError and VendorNotConfigured as pulls.pull_single does; VendorError only if no
    balance is stored.
    """
    check = _CheckedPull()
    try:
        outcome = pulls.pull_single(account=account, source=source, pull=check)
        age = check.age
    except VendorError as error:
        stored = current_balance(account)
        source = pull_sources.read(viewer, [account.pk]).get(account.pk)
        if stored is None or source is None:
            raise
        outcome = pulls.outcome(source, stored, str(error))
        age = _not_checked(error, as_of=_read_at(source.link.connection))
    (outcome,) = pulls.with_current_connections(viewer, [outcome])
    return outcome, age


class _CheckedPull:
    """A pull of a balance that the vendor reads from the bank first; then `age` is set."""

    def __init__(self) -> None:
        self.age = BalanceAge(as_of=None)

    def __call__(self, *, vendor: Vendor, source: PullSource) -> AggregationAccountBalance:
        self.age = _check(vendor=vendor, link=source.link)
        return account_pulls.pull_balance(vendor=vendor, source=source)


def _check(*, vendor: Vendor, link: AccountLink) -> BalanceAge:
    """Make the vendor read the balances of the account's connection, and wait for it."""
    member = link.connection
    if not capabilities.supports(vendor, capabilities.BALANCE_CHECK):
        name = capabilities.BALANCE_CHECK.name
        reason = f"The vendor {vendor.slug} does not offer {name}."
        return BalanceAge(as_of=_read_at(member), reason=reason)
    vendor_member = vendor.read_member(
        user_id=vendor_user_id(link), member_id=member.vendor_member_id
    )
    before = _times(vendor_member)
    if not connections.is_in_progress(vendor_member):
        if vendor_member.connection.actor in NEEDS_PERSON:
            return _stored_age(vendor, link, vendor_member)
        as_of = _read_at(vendor_member)
        if as_of is not None and abs(timezone.now() - as_of) < RECENT:
            return BalanceAge(as_of=as_of)
        try:
            vendor_member = _start(vendor, vendor_member)
        except (VendorNotFound, VendorUserError):
            raise
        except VendorError as error:
            return _not_checked(error, as_of=as_of)
    try:
        vendor_member = connections.wait_until_settled(vendor=vendor, vendor_member=vendor_member)
    except VendorError:
        _pull_later(member)
        raise
    if connections.is_in_progress(vendor_member):
        _pull_later(member)
        return BalanceAge(_read_at(member), STILL_RUNNING, connections.poll_seconds(vendor))
    if vendor_member.connection.is_connected and _times(vendor_member) != before:
        connections.store(
            vendor=vendor, vendor_user=member.vendor_user, vendor_member=vendor_member
        )
        return BalanceAge(as_of=max(filter(None, _times(vendor_member)), default=None))
    return _stored_age(vendor, link, vendor_member)


def _start(vendor: Vendor, vendor_member: records.Member) -> records.Member:
    """Start the check, or return the member on which another job has just begun."""
    ids = {"user_id": vendor_member.user_id, "member_id": vendor_member.id}
    checker = capabilities.require(vendor, capabilities.BALANCE_CHECK)
    try:
        return checker.start_balance_check(**ids)
    except VendorBusy:
        return vendor.read_member(**ids)


def _stored_age(vendor: Vendor, link: AccountLink, vendor_member: records.Member) -> BalanceAge:
    """The age of what is there, because of the state of the connection, which is stored."""
    connections.store(
        vendor=vendor, vendor_user=link.connection.vendor_user, vendor_member=vendor_member
    )
    connection = vendor_member.connection
    reason = connection.message or connection.meaning
    if connection.is_connected:
        reason = "The vendor did not read the bank."
    return BalanceAge(as_of=_read_at(vendor_member), reason=reason)


def _not_checked(error: VendorError, *, as_of: datetime | None) -> BalanceAge:
    retry_after = error.retry_after or policy_of(error).http_retry_after
    return BalanceAge(as_of=as_of, reason=str(error), retry_after=retry_after)


def _pull_later(member: Member) -> None:
    """Store the balances when the vendor has ended."""
    with transaction.atomic():
        sync.enqueue(member=member, scope=SyncScope.BALANCES)


def _read_at(member: records.Member | Member) -> datetime | None:
    """When the vendor last succeeded in reading the bank; None if that time cannot be true."""
    return plausible_instant(member.successfully_aggregated_at, now=timezone.now())


def _times(vendor_member: records.Member) -> tuple[datetime | None, datetime | None]:
    """When the last job began, and when one last succeeded. Not every job changes the second."""
    now = timezone.now()
    return (
        plausible_instant(vendor_member.aggregated_at, now=now),
        plausible_instant(vendor_member.successfully_aggregated_at, now=now),
    )
