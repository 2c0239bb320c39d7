"""Events of positions."""

from __future__ import annotations

from datetime import datetime

from sandbox.world import positions
from sandbox.world.account_templates import PLANS
from sandbox.world.events import targets
from sandbox.world.events.accounts import Result
from sandbox.world.events.values import Values
from sandbox.world.json_format import dump_exact, load_exact
from sandbox.world.models import BankAccount


def sell_holding(values: Values, at: datetime) -> Result:
    """A position is sold; an investment account gets its value in cash."""
    account = targets.account(values)
    present, key = positions.positions(account, at.date()), values.text("symbol", 64)
    if key not in present:
        raise ValueError(
            f"{account.guid} has no {key!r}; it has: {', '.join(present) or 'nothing'}."
        )
    if PLANS[account.plan].type == "INVESTMENT":
        account.balance += positions.market_value(present[key])
    account.positions = dump_exact(load_exact(account.positions) | {key: None})
    return _save(account)


def set_holding(values: Values, at: datetime) -> Result:
    """A new position, or other fields of one, in an account of any type."""
    account, key = targets.account(values), values.text("symbol", 64)
    changes, fields = load_exact(account.positions), values.fields(positions.FIELDS) or {}
    account.positions = dump_exact(changes | {key: (changes.get(key) or {}) | fields})
    return _save(account)


def _save(account: BankAccount) -> Result:
    account.save()
    return {"account": account.guid}, list(account.logins.all())
