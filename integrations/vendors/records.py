"""The records that vendors return, frozen and in our own vocabulary.

A field is optional only because some vendor documents that it may be absent. Amounts are Decimal in
the record's currency, dates are dates, instants are aware UTC datetimes. `id` fields hold the
vendor's own identifiers; they never become Nucleus ids. `currency_code` is what the vendor says, at
most MAX_CURRENCY_CODE characters: an ISO 4217 code or another unit; None if it says nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

T = TypeVar("T")
MAX_CURRENCY_CODE = 16  # characters


class ActionRequiredBy(enum.StrEnum):
    """Who has to act before a connection delivers data again."""

    NOBODY = "nobody"
    END_USER = "end_user"
    VENDOR = "vendor"
    STAFF = "staff"


class NextStep(enum.StrEnum):
    """What the caller does next about a connection."""

    NONE = "none"
    WAIT = "wait"
    REPAIR = "repair"
    RETRY_LATER = "retry_later"
    RECONNECT = "reconnect"


class SyncScope(enum.StrEnum):
    """How much of a member has to be read again; each includes what comes before it."""

    STATUS = "status"
    BALANCES = "balances"
    EVERYTHING = "everything"
    HISTORY = "history"  # and transactions of the last two years


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """The event that a vendor's webhook reports. It may be late, repeated or forged.

    Args:
        kind: the vendor's own name of the event.
        member_id: the connection that it is about; None if it is about a user, or a test, or names
            an account only.
        account_id: the account that it is about, if no connection is named.
        subject: the vendor's id of the event, or of an object whose changes it numbers; None if
            repeats cannot be told from further events.
        revision: the number of the change; later ones are higher. 0 for ids of events.
    """

    kind: str
    member_id: str | None = None
    account_id: str | None = None
    user_id: str | None = None
    scope: SyncScope = SyncScope.STATUS
    is_test: bool = False
    subject: str | None = None
    revision: int = 0

    @property
    def is_about_user(self) -> bool:
        """Whether it is about a user, and so about all of its connections."""
        return not self.is_test and self.member_id is None and self.account_id is None


@dataclass(frozen=True, slots=True)
class Connection:
    """The state of a member's connection to its institution."""

    status: str  # the vendor's own name of it, for people who know the vendor
    meaning: str  # for staff and developers
    message: str  # for the end user; empty when nothing has to be done or known
    actor: ActionRequiredBy
    next_step: NextStep
    is_connected: bool  # data can be read and further jobs can run
    is_settled: bool  # no change is expected without somebody acting


@dataclass(frozen=True, slots=True)
class User:
    """A vendor's user; `identifier` is the key we gave it."""

    id: str
    identifier: str | None
    is_disabled: bool
    raw: Mapping[str, Any]  # the vendor's object, for `vendor_response`


@dataclass(frozen=True, slots=True)
class Institution:
    """A bank or other source of accounts."""

    code: str
    name: str
    website_url: str | None = None
    logo_url_small: str | None = None
    logo_url_medium: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One user's connection to one institution."""

    id: str
    user_id: str
    name: str | None
    institution_code: str | None
    connection: Connection
    is_aggregating: bool
    aggregated_at: datetime | None = None
    successfully_aggregated_at: datetime | None = None
    is_refreshed_by_vendor: bool = True  # False: the vendor imports only when it is asked to
    # A token of this connection, for vendors that give one; None leaves the stored one as it is.
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds or owes; debts are positive amounts owed."""

    current: Decimal | None
    available: Decimal | None
    available_credit: Decimal | None
    currency_code: str | None
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """One financial account of a member."""

    id: str
    user_id: str
    member_id: str | None
    institution_code: str | None
    name: str
    kind: str  # the vendor's own parent type in lower case, e.g. "checking"
    category: str
    subcategory: str | None
    is_asset: bool
    is_cash: bool
    is_investment: bool
    is_business: bool
    is_closed: bool
    can_verify: bool  # a demand deposit account: it has a routing and an account number
    mask: str | None  # last four characters of the account number, never more
    currency_code: str | None
    balance: Balance
    is_classified: bool = True  # False: the vendor's type is unknown, and so whether it is an asset
    apr: Decimal | None = None  # percent: 2.99 means 2.99 %
    apy: Decimal | None = None
    interest_rate: Decimal | None = None
    credit_limit: Decimal | None = None
    last_payment: Decimal | None = None
    minimum_payment: Decimal | None = None
    death_benefit: Decimal | None = None
    last_payment_date: datetime | None = None
    next_payment_date: datetime | None = None
    maturity_date: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Location:
    """Where a transaction happened."""

    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    state: str | None = None
    postalcode: str | None = None
    country: str | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """Money moving into or out of an account; `amount` is never negative, see `direction`."""

    id: str
    account_id: str
    amount: Decimal
    direction: str  # "Credit" or "Debit"; another name of the vendor title-cased
    status: str  # "posted" or "pending"; another name of the vendor in lower case
    transacted_at: datetime
    currency_code: str | None
    booking_date: date | None = None  # the bank's day; None: the UTC day of transacted_at
    category: str | None = None  # the parent category
    subcategory: str | None = None  # the leaf category
    description: str | None = None
    memo: str | None = None
    merchant_id: str | None = None
    merchant_location_id: str | None = None
    merchant: Merchant | None = None  # if the vendor describes it along with the transaction
    merchant_category_code: int | None = None
    location: Location | None = None
    is_recurring: bool = False
    is_fee: bool = False
    is_transfer: bool = False
    updated_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Holding:
    """A position held in an investment account."""

    id: str
    account_id: str
    shares: Decimal
    ticker: str | None = None
    ticker_name: str | None = None
    cusip: str | None = None
    holding_type: str | None = None
    currency_code: str | None = None
    amount: Decimal | None = None  # market value
    price: Decimal | None = None  # market value of one share
    cost_basis: Decimal | None = None
    held_at: datetime | None = None
    updated_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountNumber:
    """What a payment needs to reach an account. Never log or store this in the clear."""

    account_id: str
    account_number: str = field(repr=False)
    routing: str = field(repr=False)
    is_valid: bool = True  # False: the vendor itself found that the number cannot be right
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountOwner:
    """A holder of an account, as the institution knows them."""

    account_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Merchant:
    """A business named by transactions."""

    id: str
    name: str
    logo_url: str | None = None
    website_url: str | None = None


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """An item the vendor sent that cannot be used, and why (no personal data in the reason)."""

    id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """The usable records of one page, or of a short list, and the items that had to be left out."""

    records: tuple[T, ...]
    rejected: tuple[RejectedItem, ...] = ()
    cursor: str | None = None  # the adapter's name of this page, where the list can be resumed
    removed: tuple[str, ...] = ()  # ids that the vendor says no longer exist


@dataclass(frozen=True, slots=True)
class WidgetOptions:
    """How the vendor's link widget should open."""

    verification: bool = False
    member_id: str | None = None  # repair this member
    is_mobile_webview: bool = False
    message_version: int | None = None
    webview_url_scheme: str | None = None
    include_identity: bool = False
    institution_code: str | None = None  # begin with this institution; a member takes precedence
    disable_institution_search: bool = False  # with an institution or a member only
    update_credentials: bool = False  # of the member, although they may be right
    include_transactions: bool | None = None  # in the first import; None: the vendor's default
    disable_background_imports: bool | None = None  # of members created here; likewise
    is_aggregated: bool = False  # the tenant aggregates what is verified here
    redirect_url: str | None = None  # where the person goes after OAuth at the bank
    oauth_referral_source: str | None = None  # "BROWSER" or "APP"
    color_scheme: str | None = None  # "light" or "dark"
    language: str | None = None  # a language tag of RFC 5646, such as fr-CA


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether the vendor accepts the credentials."""

    ok: bool
    message: str  # the result and, when not ok, what to do about it
    clock_offset: float | None = None  # seconds by which the vendor's clock is ahead of ours
