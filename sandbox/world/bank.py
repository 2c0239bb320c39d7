"""What the bank has, whatever MX has imported of it: logins and their accounts."""

from __future__ import annotations

import random
from datetime import datetime
from itertools import count

from sandbox.world.account_templates import BASIC_PLANS, DEPOSIT_PLANS, DEPOSITS, PLANS
from sandbox.world.ids import guid
from sandbox.world.models import BankAccount, BankLogin, Member

CURRENCY = "USD"
ROUTING = "731775681"  # passes the checksum, belongs to nobody
OWNER = {
    "owner_name": "Test Account Holder",
    "address": "123 Test Street",
    "city": "Testville",
    "state": "UT",
    "postal_code": "84000",
    "country": "US",
    "email": "holder@bank.example",
    "phone": "555-0100",
}


def login_of(member: Member, now: datetime) -> BankLogin:
    """The member's login at the bank, with accounts since its first use; the caller saves `member`.

    A member with OAuth gives no user name: it takes the person's first login that no other has.
    """
    login = member.bank_login
    if login is not None and (member.is_oauth or login.login == member.login):
        return login
    login, is_new = BankLogin.objects.get_or_create(
        person=member.user.person,
        institution_code=member.institution_code,
        login=member.login or _unused_oauth_login(member),
    )
    member.bank_login = login
    if is_new:
        # The data depends on user, institution and login, not on the connection.
        name = member.login or member.guid
        seed = f"{member.user.guid}:{member.institution_code}:{name}"
        for plan in range(DEPOSIT_PLANS if name == DEPOSITS else BASIC_PLANS):
            open_account(login, plan, f"{seed}:{plan}", now)
    return login


def _unused_oauth_login(member: Member) -> str:
    others = Member.objects.filter(user=member.user, institution_code=member.institution_code)
    used = set(others.exclude(pk=member.pk).values_list("bank_login__login", flat=True))
    return next(name for n in count(1) if (name := f"oauth-{n}") not in used)


def open_account(login: BankLogin, plan: int, seed: str, now: datetime) -> BankAccount:
    """A new account of a plan, with the history that its seed generates."""
    template = PLANS[plan]
    account = BankAccount.objects.create(
        guid=guid("BNK", seed),
        plan=plan,
        seed=seed,
        opened_at=now,
        balance=template.balance,
        number=account_number(seed),
        routing=ROUTING,
        name=template.name,
        type=template.type,
        subtype=template.subtype,
        currency=CURRENCY,
        owners=[OWNER],
    )
    account.logins.add(login)
    return account


def account_number(seed: str) -> str:
    """Twelve digits, the same for the same seed."""
    return f"{random.Random(f'number:{seed}').randrange(10**11, 10**12)}"


def accounts_of(login: BankLogin) -> list[BankAccount]:
    """The accounts that the bank shows to this login."""
    return list(login.accounts.filter(is_deleted=False).order_by("pk"))
