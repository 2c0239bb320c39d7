"""Pulls: read accounts from the vendor within an API request, and store what is new."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from integrations import vendor_sessions
from integrations.flows import account_links
from integrations.models import AccountLink
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError
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
    connection, if there is one. `vendor` is None for a disconnected account.
    """

    account: AggregationAccount
    vendor: str | None
    data: T | None
    message: str | None


def pull_one(*, account: AggregationAccount, pull: Pull[T]) -> PullOutcome[T]:
    """Pull one account.

    Raises FlowError for a disconnected account, VendorNotConfigured and VendorError.
    """
    tenant = account.tenant
    link = account_links.by_account_id(tenant=tenant, account_ids=[account.id]).get(account.id)
    if link is None:
        raise account_links.disconnected_error(account)
    slug = link.connection.vendor_user.vendor
    with vendor_sessions.open_for_tenant(tenant=tenant, vendor=slug) as vendor:
        return _outcome(account, link, pull(vendor=vendor, link=link))


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
            slug = link.connection.vendor_user.vendor
            if slug not in vendors:
                session = vendor_sessions.open_for_tenant(tenant=tenant, vendor=slug)
                vendors[slug] = stack.enter_context(session)
            try:
                outcomes.append(_outcome(account, link, pull(vendor=vendors[slug], link=link)))
            except VendorError as error:
                outcomes.append(PullOutcome(account, slug, None, str(error)))
    return outcomes


def _outcome(account: AggregationAccount, link: AccountLink, data: T) -> PullOutcome[T]:
    member = link.connection
    return PullOutcome(account, member.vendor_user.vendor, data, member.connection_message or None)
