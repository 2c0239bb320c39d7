"""Events of transactions: withdrawn, restated, back-dated, added."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sandbox.world import payloads
from sandbox.world.events import targets
from sandbox.world.events.accounts import Result
from sandbox.world.events.values import Values
from sandbox.world.json_format import dump_exact, load_exact
from sandbox.world.ledger import Entry
from sandbox.world.models import BankAccount, BankTransaction

TYPES, STATUSES = ("DEBIT", "CREDIT"), ("POSTED", "PENDING")
FIELDS = set(payloads.TRANSACTION_FIELDS)
PENDING_FOR = timedelta(days=2)
NOON = time(12, tzinfo=UTC)


def withdraw_transaction(values: Values, at: datetime) -> Result:
    """It vanishes, as if it had never been; the balance follows."""
    change = _change(*targets.transaction(values))
    if change.is_withdrawn:
        raise ValueError("It was withdrawn before.")
    change.is_withdrawn = True
    return _save(change, at)


def restore_transaction(values: Values, at: datetime) -> Result:
    """A withdrawn one returns, under its guid unless `new_guid` is true."""
    change = _change(*targets.transaction(values))
    if not change.is_withdrawn:
        raise ValueError("It was not withdrawn.")
    change.is_withdrawn = False
    change.generation += values.flag("new_guid")
    return _save(change, at)


def restate_transaction(values: Values, at: datetime) -> Result:
    """Another amount, text, date or status; under a new guid unless `keep_guid` is true."""
    change = _change(*targets.transaction(values))
    if change.is_withdrawn:
        raise ValueError("It was withdrawn; restore it first.")
    change.generation += not values.flag("keep_guid")
    was_posted = _entry_is_posted(change, at)
    if "date" in values:
        _move(change, values.day("date"), at, is_posted=was_posted)
    _describe(change, values)
    if "status" in values:
        is_posted = values.choice("status", STATUSES) == "POSTED"
        if is_posted and not was_posted:
            change.moment, change.posts_at = min(change.moment, at), at
            change.fate = "keeps_guid" if values.flag("keep_guid") else "new_guid"
        elif was_posted and not is_posted:
            _make_pending(change, values, at)
    return _save(change, at)


def add_transaction(values: Values, at: datetime) -> Result:
    """A new one of any date; later ones than today are listed at once as well."""
    account = targets.account(values)
    number = account.changes.filter(key__startswith="added:").count() + 1
    change = BankTransaction(account=account, key=f"added:{number}", moment=at, date=at.date(),
                             fate="keeps_guid", description="Transaction")  # fmt: skip
    change.cents, change.is_credit = values.cents("amount"), False
    change.top_level_category = change.category = "Uncategorized"
    if "date" in values:
        _move(change, values.day("date"), at, is_posted=True)
    _describe(change, values)
    if "status" in values and values.choice("status", STATUSES) == "PENDING":
        _make_pending(change, values, at)
    return _save(change, at)


def _change(account: BankAccount, entry: Entry | BankTransaction) -> BankTransaction:
    """The stored change of an entry, or a new one that changes nothing yet."""
    if isinstance(entry, BankTransaction):
        return entry
    return BankTransaction(
        account=account,
        key=entry.key,
        date=entry.date,
        moment=entry.moment,
        pending_from=entry.pending_from,
        posts_at=entry.posts_at,
        fate=entry.fate,
        cents=entry.cents,
        is_credit=entry.is_credit,
        description=entry.description,
        top_level_category=entry.top_level_category,
        category=entry.category,
        merchant=entry.merchant.guid if entry.merchant else "",
        flags=list(entry.flags),
    )


def _entry_is_posted(change: BankTransaction, at: datetime) -> bool:
    return change.fate != "vanishes" and (change.posts_at or change.moment) <= at


def _move(change: BankTransaction, day: date, at: datetime, *, is_posted: bool) -> None:
    """Give it another date; what has posted has done so by now, whatever its date."""
    moment = datetime.combine(day, NOON)
    change.date, change.moment = day, min(moment, at) if is_posted else moment
    if change.posts_at is not None and is_posted:
        change.posts_at = max(change.moment, min(change.posts_at, at))


def _make_pending(change: BankTransaction, values: Values, at: datetime) -> None:
    change.pending_from = min(change.moment, at)
    change.posts_at = at + values.span("posts_in", PENDING_FOR)


def _describe(change: BankTransaction, values: Values) -> None:
    if "amount" in values:
        change.cents = values.cents("amount")
    if "type" in values:
        change.is_credit = values.choice("type", TYPES) == "CREDIT"
    if "description" in values:
        change.description = values.text_or_none("description")
    if "fields" in values:
        fields = values.fields(FIELDS)
        change.fields = dump_exact({} if fields is None else load_exact(change.fields) | fields)


def _save(change: BankTransaction, at: datetime) -> Result:
    change.changed_at = at
    change.save()
    account = change.account
    return {"account": account.guid, "transaction": f"{account.guid}/{change.key}"}, list(
        account.logins.all()
    )
