"""The kinds of events, and how they happen: at once, or when the clock gets there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from sandbox.world import data, webhook_objects
from sandbox.world.events import accounts, connections, holdings, transactions
from sandbox.world.events.values import Values, check_names
from sandbox.world.json_format import dump_exact, load_exact
from sandbox.world.models import BankEvent, BankLogin, Member

log = logging.getLogger(__name__)
ACCOUNT = ("account", "user", "member")
PERSON = ("user",)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event: what makes it happen, and the names of its values."""

    apply: Callable[[Values, datetime], accounts.Result]
    values: tuple[str, ...]

    @property
    def summary(self) -> str:
        """What happens, in a few words."""
        words = self.apply.__doc__ or self.apply.__name__.replace("_", " ").capitalize() + "."
        return words.partition("\n")[0]


KINDS = {
    kind.apply.__name__: kind
    for kind in (
        Kind(accounts.open_account, ("member", "user", "plan", "number", *accounts.CHANGES)),
        Kind(accounts.change_account, (*ACCOUNT, *accounts.CHANGES)),
        Kind(accounts.close_account, (*ACCOUNT, *accounts.CHANGES)),
        Kind(accounts.reopen_account, (*ACCOUNT, *accounts.CHANGES)),
        Kind(accounts.renumber_account,
             (*ACCOUNT, "number", "routing_number", *accounts.CHANGES)),
        Kind(accounts.move_account, (*ACCOUNT, "to_member", *accounts.CHANGES)),
        Kind(accounts.share_account, (*ACCOUNT, "to_member", *accounts.CHANGES)),
        Kind(accounts.delete_account, ACCOUNT),
        Kind(accounts.restore_account, (*ACCOUNT, *accounts.CHANGES)),
        Kind(accounts.set_owners, (*ACCOUNT, "owners")),
        Kind(transactions.withdraw_transaction, ("transaction",)),
        Kind(transactions.restore_transaction, ("transaction", "new_guid")),
        Kind(transactions.restate_transaction,
             ("transaction", "amount", "type", "description", "date", "status", "posts_in",
              "keep_guid", "fields")),
        Kind(transactions.add_transaction,
             (*ACCOUNT, "amount", "type", "description", "date", "status", "posts_in", "fields")),
        Kind(holdings.sell_holding, (*ACCOUNT, "symbol")),
        Kind(holdings.set_holding, (*ACCOUNT, "symbol", "fields")),
        Kind(connections.delete_member, ("member", "user")),
        Kind(connections.change_member, ("member", "user", "fields")),
        Kind(connections.disable_user, PERSON),
        Kind(connections.enable_user, PERSON),
        Kind(connections.delete_user, PERSON),
    )
}  # fmt: skip


def create(kind: str, values: dict[str, Any], at: datetime, *, is_immediate: bool) -> BankEvent:
    """An event that happens at `at`; the caller lets it happen if that is now.

    Args:
        is_immediate: MX shows it without waiting for the next import.

    Raises:
        ValueError: an unknown kind, or a value that the kind does not have.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}.")
    check_names(values, KINDS[kind].values, kind)
    text = dump_exact(values)
    return BankEvent.objects.create(kind=kind, values=text, due_at=at, is_immediate=is_immediate)


def apply(event: BankEvent, at: datetime) -> None:
    """Let the event happen. Raises ValueError."""
    values = Values(load_exact(event.values))
    with transaction.atomic():
        event.result, logins = KINDS[event.kind].apply(values, at)
        if event.is_immediate:
            _import(logins, at)
        event.due_at, event.happened_at = None, at
        event.save()


def run(event: BankEvent, at: datetime) -> None:
    """Let a scheduled event happen; what prevents it is recorded and does not stop the clock."""
    try:
        apply(event, at)
    except Exception as error:
        if not isinstance(error, ValueError | OverflowError):
            log.exception("The event %s failed.", event.pk)
        event.due_at, event.error = None, str(error) or type(error).__name__
        event.save()


def _import(logins: list[BankLogin], at: datetime) -> None:
    """Bring MX's data of these logins up to date, without a job and its webhook."""
    members = Member.objects.filter(bank_login__in=logins).select_related("user", "bank_login")
    for member in members.order_by("pk"):
        data.write_accounts(member, at)
        if member.history_days:
            data.write_transactions(member, at, days=member.history_days)
        member.save()
        webhook_objects.member_changed(member, at)
