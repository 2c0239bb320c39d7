"""Pulls: read accounts from the vendor within an API request, and store what is new."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from integrations import vendor_sessions
from integrations.flows import (
    account_links,
    connection_requests,
    missing_accounts,
    user_sessions,
)
from integrations.flows.errors import FlowError
from integrations.models import AccountLink, Member
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorNotFound, VendorUserError
from nucleus.models import AggregationAccount, Tenant

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Pull(Protocol[T_co]):
    """A function that pulls one kind of data of one account, such as account_pulls.pull_balance."""

    def __call__(self, *, vendor: Vendor, link: AccountLink) -> T_co: ...


@dataclass(frozen=True, slots=True)
class PullOutcome(Generic[T]):
    """The result of one account.

    `data` is None if the pull failed; then `message` says why. Otherwise `message` is that of the
    connection, if there is one. `vendor` and `connection` are None for a disconnected account.
    `connection` is one of connection_requests.visible_connections.
    """

    account: AggregationAccount
    vendor: str | None
    data: T | None
    message: str | None
    connection: Member | None = None


def pull_one(*, account: AggregationAccount, pull: Pull[T]) -> PullOutcome[T]:
    """Pull one account.

    Raises FlowError for a disconnected account, VendorNotConfigured and VendorError.
    """
    link = account_links.by_account_id(tenant=account.tenant, account_ids=[account.id]).get(
        account.id
    )
    if link is None:
        raise account_links.disconnected_error(account)
    with user_sessions.open_for_user(link.connection.vendor_user) as vendor:
        data = _pull(vendor, link, pull)
    (outcome,) = _with_connections(account.tenant, [_outcome(link, data)])
    return outcome


def outcome_without_pull(*, link: AccountLink, data: T, message: str) -> PullOutcome[T]:
    """The outcome with data that is stored already; `message` says why it was not pulled."""
    account, slug = link.aggregation_account, link.connection.vendor_user.vendor
    (outcome,) = _with_connections(account.tenant, [PullOutcome(account, slug, data, message)])
    return outcome


def pull_several(
    *, tenant: Tenant, accounts: Sequence[AggregationAccount], pull: Pull[T]
) -> list[PullOutcome[T]]:
    """Pull several accounts; the outcomes are in the order of the accounts.

    A VendorError of one account is part of its outcome. VendorNotConfigured is raised: without a
    credential no account can be read.
    """
    links = account_links.by_account_id(
        tenant=tenant, account_ids=[account.id for account in accounts]
    )
    outcomes: list[PullOutcome[T]] = []
    with ExitStack() as stack:
        vendors: dict[str, Vendor] = {}
        for account in accounts:
            link = links.get(account.id)
            if link is None:
                message = str(account_links.disconnected_error(account))
                outcomes.append(PullOutcome(account, None, None, message))
                continue
            vendor_user = link.connection.vendor_user
            slug = vendor_user.vendor
            if slug not in vendors:
                session = vendor_sessions.open_for_tenant(tenant=tenant, vendor=slug)
                vendors[slug] = stack.enter_context(session)
            try:
                user_sessions.ensure_enabled(vendor_user)
                outcomes.append(_outcome(link, _pull(vendors[slug], link, pull)))
            except VendorUserError as error:
                message = str(user_sessions.stored(error, vendor_user))
                outcomes.append(PullOutcome(account, slug, None, message))
            except (VendorError, FlowError) as error:
                outcomes.append(PullOutcome(account, slug, None, str(error)))
    return _with_connections(tenant, outcomes)


def _pull(vendor: Vendor, link: AccountLink, pull: Pull[T]) -> T:
    """Raises FlowError if it turns out that the vendor no longer has the account."""
    try:
        return pull(vendor=vendor, link=link)
    except VendorNotFound as error:
        missing_accounts.recheck(vendor, link)
        if account_links.is_current(link):
            raise
        raise account_links.disconnected_error(link.aggregation_account) from error


def _outcome(link: AccountLink, data: T) -> PullOutcome[T]:
    account, slug = link.aggregation_account, link.connection.vendor_user.vendor
    return PullOutcome(account, slug, data, link.connection.connection_message or None)


def _with_connections(tenant: Tenant, outcomes: list[PullOutcome[T]]) -> list[PullOutcome[T]]:
    members = connection_requests.of_accounts(
        tenant=tenant, account_ids=[outcome.account.id for outcome in outcomes]
    )
    return [replace(outcome, connection=members.get(outcome.account.id)) for outcome in outcomes]
