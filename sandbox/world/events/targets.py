"""Finds what an event is about."""

from __future__ import annotations

from django.db.models import Q

from sandbox.world import bank_ledger
from sandbox.world.events.values import Values
from sandbox.world.ledger import Entry
from sandbox.world.models import (
    BankAccount,
    BankLogin,
    BankTransaction,
    Member,
    Transaction,
    User,
)  # fmt: skip

MIN_GUID_LENGTH = 40


class Missing(ValueError):
    """What an event names does not exist."""


def user(values: Values) -> User:
    """The user whose guid or identifier is `user`."""
    name = values.text("user")
    row = User.objects.filter(Q(guid=name) | Q(identifier=name)).first()
    if row is None:
        raise Missing(f"There is no user {name!r}: `user` is a guid or an identifier.")
    return row


def member(values: Values, name: str = "member") -> Member:
    """The member whose guid is there; with `user` and one member, that one."""
    if name not in values and "user" in values:
        rows = Member.objects.filter(user=user(values)).select_related("user", "bank_login")
        if len(rows) != 1:
            raise Missing(f"That user has {len(rows)} members: name one with `{name}`.")
        return rows[0]
    guid = values.text(name)
    row = Member.objects.filter(guid=guid).select_related("user", "bank_login").first()
    if row is None:
        raise Missing(f"There is no member {guid!r}.")
    return row


def login(values: Values, name: str = "member") -> BankLogin:
    """The login of a member that was imported."""
    row = member(values, name)
    if row.bank_login is None:
        raise Missing(f"{row.guid} was not imported yet, so its login has no accounts.")
    return row.bank_login


def account(values: Values) -> BankAccount:
    """The account that `account` names.

    It is a guid of MX (also a former one), the bank's guid, the number; or the name, together
    with `user` or `member`.
    """
    name = values.text("account")
    rows = BankAccount.objects.filter(Q(guid=name) | Q(number=name))
    if name.startswith("ACT-") and len(name) >= MIN_GUID_LENGTH:
        rows = BankAccount.objects.filter(mx_guids__contains=name)
    elif "member" in values:
        rows |= BankAccount.objects.filter(logins=login(values), name=name)
    elif "user" in values:
        rows |= BankAccount.objects.filter(logins__person=user(values).person, name=name)
    rows = rows.distinct()
    if len(rows) > 1:
        raise Missing(
            f"{len(rows)} accounts are called {name!r}: {', '.join(row.guid for row in rows)}."
        )
    if not rows:
        raise Missing(
            f"There is no account {name!r}: `account` is a guid (ACT-… or BNK-…), a number, or a "
            "name beside `user` or `member`."
        )
    return rows[0]


def transaction(values: Values) -> tuple[BankAccount, Entry | BankTransaction]:
    """The account and entry of `transaction`: a guid of MX, or a key of the bank."""
    name = values.text("transaction")
    bank_account, key = _locate(name)
    change = bank_account.changes.filter(key=key).first()
    entry = change or bank_ledger.original(bank_account, key)
    if entry is None:
        raise Missing(f"There is no transaction {name!r} any more.")
    return bank_account, entry


def _locate(name: str) -> tuple[BankAccount, str]:
    guid, _, key = name.partition("/")
    if key:
        bank_account = BankAccount.objects.filter(guid=guid).first()
        if bank_account is not None and bank_ledger.is_key(key):
            return bank_account, key
    rows = Transaction.objects.select_related("account__bank_account")
    row = rows.filter(guid=name).first()
    if row is None:
        raise Missing(
            f"There is no transaction {name!r}: `transaction` is a guid that MX lists (TRN-…), or "
            "a key that GET /_control/bank/users/… lists (BNK-…/…)."
        )
    if not row.entry:
        raise Missing(f"{name} was imported by an older sandbox; POST /_control/reset begins anew.")
    return row.account.bank_account, row.entry
