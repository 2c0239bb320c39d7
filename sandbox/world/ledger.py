"""Generates the entries of an account: a day always has the same ones.

An entry is first pending (most purchases, and bills that are announced), then posted. How it posts
is its fate: mostly under a new guid, sometimes under the old one; a few vanish, and a few leave
their pending row behind for a while.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sandbox.world import merchants
from sandbox.world.account_templates import PLANS, Plan

LEFTOVER = timedelta(days=14)  # MX deletes what is pending for longer
# Days around today in which rows may still change: announced, pending, left over.
UNSETTLED_BEFORE, UNSETTLED_AFTER = timedelta(days=20), timedelta(days=3)
LONGEST_WAIT = timedelta(days=4)  # from the day of an entry until it has posted
FATES = (("vanishes", 0.08), ("keeps_guid", 0.22), ("leaves_both", 0.03))


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement. `pending_from` is None where it posts at once."""

    key: str  # unique in its account: the day and its number of that day
    date: date  # as it is listed
    cents: int
    is_credit: bool
    description: str | None
    top_level_category: str | None
    category: str | None
    moment: datetime
    pending_from: datetime | None = None
    posts_at: datetime | None = None  # None: at its moment
    fate: str = "new_guid"
    merchant: merchants.Merchant | None = None
    flags: tuple[str, ...] = ()
    generation: int = 0  # how often it was replaced under another guid
    changed_at: datetime | None = None  # by the bank
    fields: Mapping[str, Any] = field(default_factory=dict)  # replace those of MX's answer

    @property
    def posted_at(self) -> datetime | None:
        """When the money moves; None: it never does."""
        return None if self.fate == "vanishes" else self.posts_at or self.moment

    def is_posted(self, now: datetime) -> bool:
        return self.posted_at is not None and self.posted_at <= now

    def is_pending(self, now: datetime) -> bool:
        """Whether a pending row of it is listed."""
        if self.pending_from is None or self.posts_at is None or now < self.pending_from:
            return False
        lasts = LEFTOVER if self.fate == "leaves_both" else timedelta()
        return now < self.posts_at + lasts


def entries(plan: int, seed: str, first: date, last: date) -> Iterator[Entry]:
    """All entries of the days from `first` to `last`; `plan` is an index in PLANS."""
    for number in range((last - first).days + 1):
        yield from entries_of_day(plan, seed, first + timedelta(days=number))


@lru_cache(maxsize=32_768)  # imports read the last weeks again and again
def entries_of_day(plan: int, seed: str, day: date) -> tuple[Entry, ...]:
    """The entries of one day."""
    chance = random.Random(f"{seed}:{day}")
    drafts = [*_purchases(PLANS[plan], chance), *_regular(PLANS[plan], chance, day)]
    return tuple(_timed(draft, number, day, chance) for number, draft in enumerate(drafts))


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has a time of day. `waits` days it is pending, `announced` days before."""

    cents: int
    is_credit: bool
    description: str
    top_level_category: str
    category: str
    merchant: merchants.Merchant | None = None
    flags: tuple[str, ...] = ()
    waits: float = 0
    announced: float = 0


def _timed(draft: Draft, number: int, day: date, chance: random.Random) -> Entry:
    moment = datetime.combine(day, time(6), UTC) + timedelta(minutes=chance.randrange(16 * 60))
    draw, fate = chance.random(), "new_guid"
    for name, share in FATES:
        if draw < share:
            fate = name
            break
        draw -= share
    is_pending = bool(draft.waits or draft.announced)
    return Entry(
        key=f"{day}:{number}",
        date=day,
        cents=draft.cents,
        is_credit=draft.is_credit,
        description=draft.description,
        top_level_category=draft.top_level_category,
        category=draft.category,
        moment=moment,
        pending_from=moment - timedelta(days=draft.announced) if is_pending else None,
        posts_at=moment + timedelta(days=draft.waits) if is_pending else None,
        fate=fate if draft.waits else "new_guid",
        merchant=draft.merchant,
        flags=draft.flags,
    )


def _purchases(plan: Plan, chance: random.Random) -> Iterator[Draft]:
    certain, chance_of_one_more = divmod(plan.per_day, 1)
    for _ in range(int(certain) + (chance.random() < chance_of_one_more)):
        yield _purchase(chance.choice(merchants.DAILY), chance, waits=chance.uniform(1, 3))


def _purchase(
    merchant: merchants.Merchant, chance: random.Random, *, waits: float = 0, announced: float = 0
) -> Draft:
    subscribed = ("is_subscription",) if merchant.name in merchants.SUBSCRIPTIONS else ()
    return Draft(
        cents=chance.randint(merchant.min_cents, merchant.max_cents),
        is_credit=False,
        description=merchant.name,
        top_level_category=merchant.top_level_category,
        category=merchant.category,
        merchant=merchant,
        flags=("is_expense", *subscribed),
        waits=waits,
        announced=announced,
    )


def _regular(plan: Plan, chance: random.Random, day: date) -> Iterator[Draft]:
    """Entries that recur on the same day of every month."""
    if plan.type == "CHECKING" and plan.per_day > 1:
        yield from _household(chance, day)
    elif plan.type == "CHECKING" and day.day == 28:
        fee = ("is_overdraft_fee", "is_fee")
        yield Draft(3_500, False, "Overdraft Fee", "Fees & Charges", "Banking Fee", flags=fee)
    elif plan.type == "SAVINGS" and day.day == 27:
        interest = chance.randrange(980, 1_490)
        yield Draft(
            interest, True, "Interest Paid", "Income", "Interest Income", flags=("is_income",)
        )
    elif plan.type == "SAVINGS" and day.day == 2:
        yield Draft(25_000, True, "Transfer from Checking", "Transfer", "Transfer")
    elif plan.is_debt and day.day == 20:
        cents = plan.extra["last_payment"]
        yield Draft(cents, True, "Payment Received, Thank You", "Transfer", "Credit Card Payment")
    elif plan.type == "INVESTMENT" and day.day == 15:
        gains = chance.randrange(2_100, 5_900)
        yield Draft(
            gains, True, "Dividend", "Investments", "Dividend & Cap Gains", flags=("is_income",)
        )


def _household(chance: random.Random, day: date) -> Iterator[Draft]:
    if day.day in (1, 15):
        flags = ("is_income", "is_direct_deposit")
        yield Draft(358_275, True, "Payroll Deposit", "Income", "Paycheck", flags=flags)
    if day.day == 2:
        yield Draft(25_000, False, "Transfer to Savings", "Transfer", "Transfer")
    if day.day == 25:
        fee = ("is_fee",)
        yield Draft(1_200, False, "Monthly Service Fee", "Fees & Charges", "Service Fee", flags=fee)
    for due, merchant in merchants.MONTHLY:
        if day.day == due:
            yield _purchase(merchant, chance, announced=2)
