"""What staff read about one customer: connections, accounts, bank links, and the next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from integrations.flows import connections, inbound_webhooks
from integrations.flows.connection_descriptions import ConnectionDescription, describe
from integrations.flows.connection_reason_queries import with_reason
from integrations.flows.connection_state import StateReason
from integrations.models import (
    AccountLink,
    AccountMerge,
    Job,
    JobState,
    Member,
    PossibleDuplicate,
    VendorUser,
)
from integrations.vendors.records import ActionRequiredBy
from nucleus import amounts
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    BankLink,
    Business,
    Client,
)

MAX_ROWS = 100  # of each kind
MAX_JOBS = 20
# Whose turn it is decides which connection the sentence on top is about.
URGENCY = (ActionRequiredBy.STAFF, ActionRequiredBy.END_USER, ActionRequiredBy.VENDOR)


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """A connection with its state in words, and the dead jobs that are the cause, if any."""

    member: Member
    description: ConnectionDescription
    dead_jobs: list[Job]


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account with its newest balance and its current link, if it is connected."""

    account: AggregationAccount
    link: AccountLink | None

    @property
    def balance(self) -> str:
        """The newest balance, or else what is available, exactly, with its currency."""
        row: Any = self.account
        amount = row.newest_balance
        if amount is None:
            amount = row.newest_available_balance
        code = row.newest_currency_code or row.currency_code
        return "none" if amount is None else amounts.money(amount, code)


@dataclass(frozen=True, slots=True)
class CustomerOverview:
    """At most MAX_ROWS of each kind; `is_complete` is False if there are more."""

    owner: Client | Business
    vendor_users: list[VendorUser]
    connections: list[ConnectionView]
    accounts: list[AccountView]
    bank_links: list[BankLink]
    duplicates: list[PossibleDuplicate] = field(default_factory=list)
    merges: list[AccountMerge] = field(default_factory=list)
    is_complete: bool = True
    webhook_warning: str | None = None

    @property
    def account_ids(self) -> list[UUID]:
        return [view.account.pk for view in self.accounts]

    @property
    def next_step(self) -> str:
        """One sentence or two: the present state and what to do next."""
        if self.owner.is_being_erased:
            return "This customer is being erased. Nothing can be done here any more."
        if not self.connections:
            return _step_without_connection(self.vendor_users)
        worst = self.worst
        if worst is None:
            number = _count(self.connections, "connection")
            if self.webhook_warning:
                return f"{number} without problem, but new data arrives late."
            return f"{number} without problem. Nothing to do."
        others = len(self._in_trouble) - 1
        rest = f" {others} more below." if others else ""
        return f"{worst.member}: {worst.description.title}. {worst.description.next_step}{rest}"

    @property
    def worst(self) -> ConnectionView | None:
        """The connection that the next step is about; None if all are well."""
        return min(self._in_trouble, key=_urgency, default=None)

    @property
    def has_user_at_vendor(self) -> bool:
        """Whether a widget link can be made."""
        return any(user.vendor_user_id for user in self.vendor_users)

    @property
    def _in_trouble(self) -> list[ConnectionView]:
        return [view for view in self.connections if view.description.needs_attention]


def read(owner: Client | Business) -> CustomerOverview:
    """Read everything about the customer in at most nine statements."""
    users = list(_of(VendorUser.unscoped, owner).order_by("create_date"))
    members = _connections(users)
    accounts = _accounts(owner)
    ids = [account.pk for account in accounts]
    links = AccountLink.unscoped.filter(aggregation_account__in=ids, ended_at=None)
    link_of = {link.aggregation_account_id: link for link in links.select_related("member")}
    bank_links = list(
        _of(BankLink.unscoped, owner)
        .defer("bank_account_number", "routing", "routing_wire")
        .order_by("-create_date")[: MAX_ROWS + 1]
    )
    pairs = PossibleDuplicate.unscoped.filter(
        aggregation_account__in=ids, state=PossibleDuplicate.State.OPEN
    ).select_related("aggregation_account", "other_account")
    merges = AccountMerge.unscoped.filter(kept_account__in=ids, undone_at=None)
    merges = merges.select_related("kept_account", "merged_account").order_by("-create_date")
    return CustomerOverview(
        owner=owner,
        vendor_users=users,
        connections=_with_dead_jobs(members[:MAX_ROWS]),
        accounts=[AccountView(row, link_of.get(row.pk)) for row in accounts[:MAX_ROWS]],
        bank_links=bank_links[:MAX_ROWS],
        duplicates=list(pairs[:MAX_ROWS]),
        merges=list(merges[:MAX_ROWS]),
        is_complete=max(len(members), len(accounts), len(bank_links)) <= MAX_ROWS,
        webhook_warning=_webhook_warning(owner, members),
    )


def connections_of(owner: Client | Business) -> QuerySet[Member]:
    """The customer's connections."""
    path = f"vendor_user__{owner._meta.model_name}"
    return Member.unscoped.filter(tenant=owner.tenant_id, **{path: owner.pk})


def lock_keys(members: Sequence[Member]) -> dict[str, Member]:
    """The connections by the lock key of their jobs."""
    return {connections.lock_key(row.vendor_user, row.vendor_member_id): row for row in members}


def _of(rows: Any, owner: Client | Business) -> QuerySet[Any]:
    result: QuerySet[Any] = rows.filter(tenant=owner.tenant_id, **owner.reference)
    return result


def _connections(users: list[VendorUser]) -> list[Member]:
    rows = Member.unscoped.filter(vendor_user__in=users).select_related(
        "vendor_user", "institution", "tenant"
    )
    return list(with_reason(rows).order_by("-create_date")[: MAX_ROWS + 1])


def _accounts(owner: Client | Business) -> list[AggregationAccount]:
    newest = AggregationAccountBalance.unscoped.filter(
        aggregation_account=OuterRef("pk"), is_active=True
    ).order_by("-balance_time_stamp")
    rows = _of(AggregationAccount.unscoped, owner).defer("account_number")
    for name in ("balance", "available_balance", "currency_code", "balance_time_stamp"):
        rows = rows.annotate(**{f"newest_{name}": Subquery(newest.values(name)[:1])})
    return list(rows.order_by("-is_active", "create_date")[: MAX_ROWS + 1])


def _with_dead_jobs(members: list[Member]) -> list[ConnectionView]:
    by_key = lock_keys(members)
    dead: dict[UUID, list[Job]] = {}
    rows = Job.objects.filter(lock_key__in=list(by_key), state=JobState.DEAD)
    for job in rows.order_by("-finished_at")[:MAX_JOBS] if by_key else ():
        dead.setdefault(by_key[str(job.lock_key)].pk, []).append(job)
    views = []
    for member in members:
        description = describe(member)
        is_cause = description.reason is StateReason.JOB_FAILED
        views.append(ConnectionView(member, description, dead.get(member.pk, [])[: int(is_cause)]))
    return views


def _webhook_warning(owner: Client | Business, members: list[Member]) -> str | None:
    """Why new data of the customer is late, if the vendor imports it and sends no webhooks."""
    now = timezone.now()
    imports = [
        member.successfully_aggregated_at
        for member in members
        if member.successfully_aggregated_at and member.successfully_aggregated_at <= now
    ]
    return inbound_webhooks.silence_since(owner.tenant, max(imports, default=None))


def _step_without_connection(users: list[VendorUser]) -> str:
    if not users:
        return (
            "No bank is linked, and the customer has no user at a vendor yet. The app calls "
            "POST /integration/v1/user, then opens a widget link."
        )
    if all(user.vendor_user_id is None for user in users):
        return (
            "No bank is linked, and the vendor has no user for this customer. The app calls "
            "POST /integration/v1/user, then opens a widget link."
        )
    return "No bank is linked. Send the customer a link to connect one."


def _urgency(view: ConnectionView) -> int:
    actor = view.description.actor
    return URGENCY.index(actor) if actor in URGENCY else len(URGENCY)


def _count(rows: Sequence[Any], noun: str) -> str:
    return f"{len(rows)} {noun}" if len(rows) == 1 else f"{len(rows)} {noun}s"
