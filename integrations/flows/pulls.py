"""Pulls: read accounts from the vendor within an API request, and store what is new."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from integrations import audit_context, vendor_sessions
from integrations.flows import account_links, missing_accounts, pull_sources, user_sessions
from integrations.flows.errors import FlowError
from integrations.flows.pull_sources import PullSource
from integrations.models import Member
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorNotFound, VendorUserError
from nucleus.models import AggregationAccount
from nucleus.reads.visibility import Viewer

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Pull(Protocol[T_co]):
    """A function that pulls one kind of data of one account, such as account_pulls.pull_balance."""

    def __call__(self, *, vendor: Vendor, source: PullSource) -> T_co: ...


@dataclass(frozen=True, slots=True)
class PullOutcome(Generic[T]):
    """The result of one account.

    `data` is None if the pull failed; then `message` says why. Otherwise `message` is that of the
    connection, if there is one. `vendor` and `connection` are None for a disconnected account.
    `connection` has an annotated `state`; `last_retrieval` is when all its accounts were retrieved.
    """

    account: AggregationAccount
    vendor: str | None
    data: T | None
    message: str | None
    connection: Member | None = None
    last_retrieval: datetime | None = None


def pull_single(
    *, account: AggregationAccount, source: PullSource | None, pull: Pull[T]
) -> PullOutcome[T]:
    """Pull one account.

    Args:
        source: where the vendor has it; None for a disconnected account.

    Raises FlowError for a disconnected account, VendorNotConfigured and VendorError.
    """
    if source is None:
        raise account_links.disconnected_error(account)
    with user_sessions.open_for_user(source.vendor_user, access=source.access) as vendor:
        data = _pull(vendor, source, pull)
    return outcome(source, data, source.link.connection.connection_message or None)


def pull_several(
    *,
    viewer: Viewer,
    accounts: Sequence[tuple[AggregationAccount, PullSource | None]],
    pull: Pull[T],
) -> list[PullOutcome[T]]:
    """Pull several accounts; the outcomes are in the order of the accounts.

    A VendorError of one account is part of its outcome. VendorNotConfigured is raised: without a
    credential no account can be read.

    Args:
        accounts: each with where the vendor has it; None for a disconnected account.
    """
    outcomes: list[PullOutcome[T]] = []
    with ExitStack() as stack:
        vendors: dict[str, Vendor] = {}
        for account, source in accounts:
            if source is None:
                message = str(account_links.disconnected_error(account))
                outcomes.append(PullOutcome(account, None, None, message))
                continue
            slug = source.vendor_user.vendor
            if slug not in vendors:
                session = vendor_sessions.open_for_tenant(
                    tenant=viewer.tenant, vendor=slug, access=source.access
                )
                vendors[slug] = stack.enter_context(session)
            outcomes.append(_outcome_of_any(vendors[slug], source, pull))
    if all(result.data is not None for result in outcomes):
        return outcomes
    return with_current_connections(viewer, outcomes)


def _outcome_of_any(vendor: Vendor, source: PullSource, pull: Pull[T]) -> PullOutcome[T]:
    """The outcome of a pull, whether it succeeds or fails."""
    try:
        user_sessions.ensure_enabled(source.vendor_user)
        data = _pull(vendor, source, pull)
    except VendorUserError as error:
        return outcome(source, None, str(user_sessions.stored(error, source.vendor_user)))
    except (VendorError, FlowError) as error:
        return outcome(source, None, str(error))
    return outcome(source, data, source.link.connection.connection_message or None)


def outcome(source: PullSource, data: T | None, message: str | None) -> PullOutcome[T]:
    """The outcome of one account, with the connection as it was when the source was read."""
    return PullOutcome(
        account=source.account,
        vendor=source.vendor_user.vendor,
        data=data,
        message=message,
        connection=source.link.connection,
        last_retrieval=source.last_retrieval,
    )


def with_current_connections(
    viewer: Viewer, outcomes: Sequence[PullOutcome[T]]
) -> list[PullOutcome[T]]:
    """The outcomes with the connections as they are now, after pulls that may change them."""
    sources = pull_sources.read(viewer, [result.account.pk for result in outcomes])
    current = []
    for result in outcomes:
        source = sources.get(result.account.pk)
        current.append(
            replace(
                result,
                connection=source.link.connection if source else None,
                last_retrieval=source.last_retrieval if source else None,
            )
        )
    return current


def _pull(vendor: Vendor, source: PullSource, pull: Pull[T]) -> T:
    """Raises FlowError if it turns out that the vendor no longer has the account."""
    account = source.account
    try:
        with audit_context.audit_subject(client_id=account.client_id, account_id=account.pk):
            return pull(vendor=vendor, source=source)
    except VendorNotFound as error:
        missing_accounts.recheck(vendor, source.link)
        if account_links.is_current(source.link):
            raise
        raise account_links.disconnected_error(account) from error
