"""What a vendor's API may offer beyond the core of base.Vendor.

An API's SPEC declares its capabilities; the adapter it opens then has the methods of each. Flows
reach them through `require`, or ask `supports` first where they can do without.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from integrations.vendors import errors, records

if TYPE_CHECKING:
    from integrations.vendors.base import Vendor

P = TypeVar("P")


class Refresh(Protocol):
    """Imports from the bank on demand."""

    def start_aggregation(self, *, user_id: str, member_id: str) -> records.Member:
        """Start an import, or return the member unchanged where the vendor says it is too soon.

        Raises errors.VendorBusy while another job runs on the member.
        """
        ...


class BalanceCheck(Protocol):
    """Balances that the vendor reads from the bank on demand, without transactions."""

    def start_balance_check(self, *, user_id: str, member_id: str) -> records.Member:
        """Make the vendor read the balances; one that is running already is joined.

        Raises errors.VendorJobLimited when it did so too often, errors.VendorBusy while another
        job runs on the member.
        """
        ...


class ExtendedHistory(Protocol):
    """Transactions from longer ago than imports bring."""

    def start_history(self, *, user_id: str, member_id: str) -> records.Member:
        """Make the vendor read them from the bank; a job that is running already is joined.

        Raises errors.VendorRefused where the institution does not offer them,
        errors.VendorAccessDenied where the tenant's contract does not, errors.VendorBusy while
        another job runs on the member.
        """
        ...


class Holdings(Protocol):
    """Positions of accounts, whatever their type."""

    def accounts_with_holdings(self, *, user_id: str, member_id: str) -> frozenset[str]:
        """Ids of the member's accounts that hold positions now, with as few calls as possible.

        Empty where the vendor bills the call: then only investment accounts are asked about.
        """
        ...

    def holding_pages(
        self, *, user_id: str, account_id: str
    ) -> Iterator[records.Batch[records.Holding]]:
        """All positions held now; one that is missing from the last page on is no longer held."""
        ...


class BilledHoldings(Protocol):
    """Positions that the vendor bills per user, from the first read until they are deactivated.

    The gateway then reads those of investment accounts only.
    """

    def deactivate_holdings(self, *, user_id: str) -> None:
        """End the billing of the user's positions; reading them again begins it anew."""
        ...


class Verification(Protocol):
    """Account and routing numbers."""

    def start_verification(self, *, user_id: str, member_id: str) -> records.Member:
        """Make the vendor read the numbers from the bank.

        Raises errors.VendorRefused where the institution cannot be verified, errors.VendorBusy
        while another job runs on the member.
        """
        ...

    def list_account_numbers(
        self, *, user_id: str, member_id: str
    ) -> records.Batch[records.AccountNumber]:
        """The numbers that were read so far; empty before the first verification."""
        ...


class Identification(Protocol):
    """Names of account holders as the bank has them."""

    def list_account_owners(
        self, *, user_id: str, member_id: str
    ) -> records.Batch[records.AccountOwner]: ...


class TransactionLookup(Protocol):
    """Single transactions by their ids."""

    def read_transaction(
        self, *, user_id: str, account_id: str, transaction_id: str
    ) -> records.Transaction:
        """The transaction as it is now.

        Raises errors.VendorNotFound if the account does not have it, or no longer.
        """
        ...


class UserDisabling(Protocol):
    """Users of whom the vendor imports nothing for a while, without losing anything."""

    def set_user_disabled(self, *, user_id: str, is_disabled: bool) -> records.User:
        """Disable the user, or enable it again; it may be so already."""
        ...


class Merchants(Protocol):
    """Details behind the merchant and location ids of transactions."""

    def read_merchant(self, *, merchant_id: str) -> records.Merchant: ...

    def read_merchant_location(self, *, location_id: str) -> records.Location: ...


@dataclass(frozen=True, slots=True)
class Capability(Generic[P]):
    """Names an optional protocol at run time.

    Args:
        name: for messages, as in "MX does not offer {name}".
        protocol: its methods; the contract suite checks that adapters have them.
    """

    name: str
    protocol: type[Any]


REFRESH: Capability[Refresh] = Capability("refreshing on demand", Refresh)
BALANCE_CHECK: Capability[BalanceCheck] = Capability("balances on demand", BalanceCheck)
EXTENDED_HISTORY: Capability[ExtendedHistory] = Capability("extended history", ExtendedHistory)
HOLDINGS: Capability[Holdings] = Capability("holdings", Holdings)
BILLED_HOLDINGS: Capability[BilledHoldings] = Capability("deactivating holdings", BilledHoldings)
VERIFICATION: Capability[Verification] = Capability("account verification", Verification)
IDENTIFICATION: Capability[Identification] = Capability("names of holders", Identification)
MERCHANTS: Capability[Merchants] = Capability("merchant details", Merchants)
TRANSACTION_LOOKUP: Capability[TransactionLookup] = Capability(
    "reading single transactions", TransactionLookup
)
USER_DISABLING: Capability[UserDisabling] = Capability("disabling users", UserDisabling)
ALL: tuple[Capability[Any], ...] = (
    REFRESH, HOLDINGS, VERIFICATION, IDENTIFICATION, MERCHANTS, TRANSACTION_LOOKUP,
    USER_DISABLING, BILLED_HOLDINGS, BALANCE_CHECK, EXTENDED_HISTORY,
)  # fmt: skip


def supports(vendor: Vendor, capability: Capability[Any]) -> bool:
    """Whether the opened vendor's API declares the capability."""
    return capability in vendor.capabilities


def require(vendor: Vendor, capability: Capability[P]) -> P:
    """The vendor as one that has the capability. Raises errors.VendorUnsupported if it has not."""
    if not supports(vendor, capability):
        raise errors.VendorUnsupported(
            f"The vendor {vendor.slug} does not offer {capability.name}.", vendor=vendor.slug
        )
    return cast("P", vendor)
