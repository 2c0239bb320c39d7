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
    """Reads and stores one kind of data of one account; see account_pulls.pull_balance."""

    def __call__(self, *, vendor: Vendor, link: AccountLink) -> T_co: ...


@dataclass(frozen=True, slots=True)
class PullOutcome(Generic[T]):
    """What was pulled for one account.

    `data` is None when the pull failed; `message` then says why. Otherwise `message` is the
    connection's own, if it has one. `vendor` is None for an account that is disconnected.
    """

    account: AggregationAccount
    vendor: str | None
    data: T | None
    message: str | None


def pull_one(*, account: AggregationAccount, pull: Pull[T]) -> PullOutcome[T]:
    """Pull one account.

    Raises FlowError for a disconnected account, and what the vendor raises.
    """
    tenant = account.tenant
    link = account_links.by_account_id(tenant=tenant, account_ids=[account.id]).get(account.id)
    if link is None:
        raise account_links.disconnected(account)
    slug = link.member.vendor_user.vendor
    with vendor_sessions.open_for_tenant(tenant=tenant, vendor=slug) as vendor:
        return _pulled(account, link, pull(vendor=vendor, link=link))


def pull_several(
    *, tenant: Tenant, accounts: Sequence[AggregationAccount], pull: Pull[T]
) -> list[PullOutcome[T]]:
    """Pull several accounts, in their order; one that fails does not stop the others.

    Raises what opening a vendor raises: without keys no account can be read.
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
                message = str(account_links.disconnected(account))
                outcomes.append(PullOutcome(account, None, None, message))
                continue
            slug = link.member.vendor_user.vendor
            if slug not in vendors:
                session = vendor_sessions.open_for_tenant(tenant=tenant, vendor=slug)
                vendors[slug] = stack.enter_context(session)
            try:
                outcomes.append(_pulled(account, link, pull(vendor=vendors[slug], link=link)))
            except VendorError as error:
                outcomes.append(PullOutcome(account, slug, None, str(error)))
    return outcomes


def _pulled(account: AggregationAccount, link: AccountLink, data: T) -> PullOutcome[T]:
    member = link.member
    return PullOutcome(account, member.vendor_user.vendor, data, member.connection_message or None)
