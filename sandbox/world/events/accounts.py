"""Events of accounts: opened, closed, renamed, renumbered, moved, shared, deleted and so on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.world import bank, bank_ledger, payloads
from sandbox.world.account_templates import PLANS
from sandbox.world.events import targets
from sandbox.world.events.values import Values, check_names
from sandbox.world.ids import guid
from sandbox.world.json_format import dump_exact, load_exact
from sandbox.world.models import Account, BankAccount, BankLogin

Result = tuple[dict[str, Any], list[BankLogin]]  # what is answered, and whose members are concerned
SETTABLE = {"name": "name", "type": "type", "subtype": "subtype", "currency_code": "currency"}
LENGTHS = {"name": 255, "type": 64, "subtype": 64, "currency_code": 16}
CHANGES = ("balance", "fields", "new_guid", *SETTABLE)
FIELDS = set(payloads.ACCOUNT_FIELDS) - payloads.IDENTITY
NUMBER_LENGTH = 32


def open_account(values: Values, at: datetime) -> Result:
    """A new account under the login of a member, empty but for its balance."""
    login = targets.login(values)
    plan = _plan(values)
    prefix = f"{guid('BNK', login.person, login.institution_code, login.login)}:opened-"
    number = BankAccount.objects.filter(seed__startswith=prefix).count() + 1
    account = bank.open_account(login, plan, f"{prefix}{number}", at)
    account.quiet_periods = [[None, at.isoformat()]]
    if "number" in values:
        account.number = values.text("number", NUMBER_LENGTH)
    return change(account, values, at)


def _plan(values: Values) -> int:
    """Index of the plan that is named, or the last one of the type: others than the basic ones."""
    names = [plan.name for plan in PLANS]
    if "plan" in values:
        return names.index(values.choice("plan", names))
    kind = values.text_or_none("type") if "type" in values else "CHECKING"
    plans = [number for number, plan in enumerate(PLANS) if plan.type == kind]
    return plans[-1] if plans else len(PLANS) - 1


def change_account(values: Values, at: datetime) -> Result:
    """Name, type, currency, balance or any field of MX's answer."""
    return change(targets.account(values), values, at)


def change(account: BankAccount, values: Values, at: datetime) -> Result:
    """Set what `values` say of the account and save it."""
    for name, attribute in SETTABLE.items():
        if name in values:
            setattr(account, attribute, values.text_or_none(name, LENGTHS[name]))
    if "currency_code" in values:  # of all transactions, too
        Account.objects.filter(bank_account=account).update(transactions_at=None)
    if "fields" in values:
        fields = values.fields(FIELDS)
        account.fields = dump_exact({} if fields is None else load_exact(account.fields) | fields)
    if "balance" in values:
        balances = bank_ledger.balances(account, account.changes.all(), at)
        account.balance += values.cents("balance") - balances["balance"]
    if values.flag("new_guid"):
        account.generation += 1
    account.save()
    return {"account": account.guid}, list(account.logins.all())


def close_account(values: Values, at: datetime) -> Result:
    account = targets.account(values)
    if account.is_closed:
        raise ValueError(f"{account.guid} is closed already.")
    account.is_closed = True
    account.quiet_periods = [*account.quiet_periods, [at.isoformat(), None]]
    return change(account, values, at)


def reopen_account(values: Values, at: datetime) -> Result:
    account = targets.account(values)
    if not account.is_closed:
        raise ValueError(f"{account.guid} is open.")
    *earlier, (closed_at, _) = account.quiet_periods
    account.is_closed = False
    account.quiet_periods = [*earlier, [closed_at, at.isoformat()]]
    return change(account, values, at)


def renumber_account(values: Values, at: datetime) -> Result:
    """Another number, chosen or the bank's own choice; another routing number if one is named."""
    account = targets.account(values)
    if "number" in values:
        account.number = values.text("number", NUMBER_LENGTH)
    else:
        account.number = bank.account_number(f"{account.seed}:after-{account.number}")
    if "routing_number" in values:
        account.routing = values.text("routing_number", NUMBER_LENGTH)
    result, logins = change(account, values, at)
    return result | {"number": account.number, "routing_number": account.routing}, logins


def move_account(values: Values, at: datetime) -> Result:
    """The account belongs to another member of the same person."""
    account, login = targets.account(values), targets.login(values, "to_member")
    before = list(account.logins.all())
    if any(row.person != login.person for row in before):
        raise ValueError("to_member must be a member of the same user.")
    account.logins.set([login])
    result, after = change(account, values, at)
    return result, [*before, *after]


def share_account(values: Values, at: datetime) -> Result:
    """The account is shown to another login as well, of whichever user: a joint account."""
    account = targets.account(values)
    account.logins.add(targets.login(values, "to_member"))
    return change(account, values, at)


def delete_account(values: Values, at: datetime) -> Result:
    """The account vanishes; its numbers and transactions stay at the bank until it is restored."""
    account = targets.account(values)
    account.is_deleted = True
    return change(account, values, at)


def restore_account(values: Values, at: datetime) -> Result:
    account = targets.account(values)
    if not account.is_deleted:
        raise ValueError(f"{account.guid} was not deleted.")
    account.is_deleted = False
    return change(account, values, at)


def set_owners(values: Values, at: datetime) -> Result:
    """Other owners: names, or objects with MX's names; MX learns of them by identification."""
    account = targets.account(values)
    account.owners = [_owner(owner) for owner in values.listing("owners")]
    return change(account, values, at)


def _owner(owner: Any) -> dict[str, Any]:
    fields = {"owner_name": owner} if isinstance(owner, str) else owner
    if not isinstance(fields, dict):
        raise ValueError("owners must be a list of names or of objects.")
    check_names(fields, bank.OWNER, "owners")
    if not all(value is None or isinstance(value, str) for value in fields.values()):
        raise ValueError("What is said of an owner must be strings or null.")
    return bank.OWNER | fields
