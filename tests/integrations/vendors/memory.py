"""An in-memory vendor: the adapter of a MemoryBank, opened without a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from integrations.vendors import errors, records
from integrations.vendors.base import CallRecord, VendorConfig
from integrations.vendors.records import SyncScope
from integrations.vendors.spec import ApiSpec, VendorSpec
from integrations.vendors.webhooks import BASIC_CHALLENGE, WebhookSpec, has_basic_secret
from tests.integrations.vendors.memory_bank import BANK_CODE, MemoryBank

T = TypeVar("T")
SLUG = "memory"
API_SECRET = "memory-secret"


class MemoryVendor:
    """The adapter. Every method that the bank's owner could count is one call."""

    slug = SLUG

    def __init__(self, bank: MemoryBank, config: VendorConfig) -> None:
        self.bank = bank
        self.config = config
        self.capabilities = bank.offered
        self.limits = bank.limits

    def close(self) -> None:
        """Nothing is open."""

    def check(self) -> records.CheckResult:
        try:
            self._call("check")
        except errors.VendorError as error:
            return records.CheckResult(ok=False, message=str(error))
        return records.CheckResult(ok=True, message="Memory accepts these keys.")

    def create_user(self, *, identifier: str) -> records.User:
        self._call("create_user")
        if any(user.identifier == identifier for user in self.bank.users.values()):
            raise errors.VendorConflict
        user_id = f"user-{next(self.bank.numbers)}"
        raw = {"id": user_id, "name": identifier}
        user = records.User(id=user_id, identifier=identifier, is_disabled=False, raw=raw)
        self.bank.users[user_id] = user
        return user

    def find_user(self, *, identifier: str) -> records.User | None:
        self._call("find_user")
        users = self.bank.users.values()
        return next((user for user in users if user.identifier == identifier), None)

    def read_user(self, *, user_id: str) -> records.User:
        self._call("read_user")
        return _get(self.bank.users, user_id)

    def set_user_disabled(self, *, user_id: str, is_disabled: bool) -> records.User:
        self._call("update_user")
        user = replace(_get(self.bank.users, user_id), is_disabled=is_disabled)
        self.bank.users[user_id] = user
        return user

    def delete_user(self, *, user_id: str) -> None:
        self._call("delete_user")
        _get(self.bank.users, user_id)
        del self.bank.users[user_id]
        for member_id, member in list(self.bank.members.items()):
            if member.user_id == user_id:
                del self.bank.members[member_id]

    def widget_url(self, *, user_id: str, options: records.WidgetOptions) -> str:
        self._call("widget_url")
        self._check_user(user_id)
        mode = "verification" if options.verification else "aggregation"
        return f"https://memory.invalid/widget?user={user_id}&mode={mode}"

    def read_institution(self, *, code: str) -> records.Institution:
        self._call("read_institution")
        if code != BANK_CODE:
            raise errors.VendorNotFound
        return records.Institution(code=code, name="Memory Bank")

    def list_members(self, *, user_id: str) -> records.Batch[records.Member]:
        self._call("list_members")
        self._check_user(user_id)
        members = self.bank.members.values()
        return records.Batch(tuple(member for member in members if member.user_id == user_id))

    def read_member(self, *, user_id: str, member_id: str) -> records.Member:
        self._call("read_member")
        return self._member(user_id, member_id)

    def delete_member(self, *, user_id: str, member_id: str) -> None:
        self._call("delete_member")
        self._member(user_id, member_id)
        del self.bank.members[member_id]

    def list_accounts(self, *, user_id: str, member_id: str) -> records.Batch[records.Account]:
        self._call("list_accounts")
        self._member(user_id, member_id)
        return records.Batch(self._accounts_of(member_id))

    def read_account(self, *, user_id: str, account_id: str) -> records.Account:
        self._call("read_account")
        self._check_user(user_id)
        account = _get(self.bank.accounts, account_id)
        if account.user_id != user_id or account.member_id not in self.bank.members:
            raise errors.VendorNotFound
        return account

    def transaction_pages(
        self,
        *,
        user_id: str,
        account_id: str,
        from_date: date,
        to_date: date,
        after: str | None = None,
    ) -> Iterator[records.Batch[records.Transaction]]:
        self.read_account(user_id=user_id, account_id=account_id)
        rows = [
            row
            for row in self.bank.transactions.values()
            if row.account_id == account_id
            and from_date <= row.transacted_at.date() <= to_date
            and row.id not in self.bank.unlisted
        ]
        size = self.limits.page_size
        start = 0
        if after is not None:
            position, _, length = after.partition(":")
            if int(length) != len(rows):
                raise errors.CursorExpired
            start = int(position)
        for offset in range(start, len(rows), size):
            self._call("list_transactions")
            cursor = f"{offset + size}:{len(rows)}"
            yield records.Batch(tuple(rows[offset : offset + size]), cursor=cursor)
        yield records.Batch((), removed=tuple(self.bank.removed))

    def read_transaction(
        self, *, user_id: str, account_id: str, transaction_id: str
    ) -> records.Transaction:
        self._call("read_transaction")
        self.bank.single_reads.append(transaction_id)
        row = _get(self.bank.transactions, transaction_id)
        if row.account_id != account_id:
            raise errors.VendorNotFound
        return row

    def start_aggregation(self, *, user_id: str, member_id: str) -> records.Member:
        self._call("start_aggregation")
        self._member(user_id, member_id)
        return self.bank.import_now(member_id)

    def start_balance_check(self, *, user_id: str, member_id: str) -> records.Member:
        self._call("start_balance_check")
        self._member(user_id, member_id)
        if self.bank.balance_checks_left <= 0:
            raise errors.VendorJobLimited(vendor=SLUG, retry_after=1440)
        self.bank.balance_checks_left -= 1
        return self.bank.import_now(member_id)

    def start_history(self, *, user_id: str, member_id: str) -> records.Member:
        self._call("start_history")
        self._member(user_id, member_id)
        self.bank.history_jobs.append(member_id)
        return self.bank.import_now(member_id)

    def accounts_with_holdings(self, *, user_id: str, member_id: str) -> frozenset[str]:
        accounts = self.list_accounts(user_id=user_id, member_id=member_id).records
        return frozenset(account.id for account in accounts if account.is_investment)

    def holding_pages(
        self, *, user_id: str, account_id: str
    ) -> Iterator[records.Batch[records.Holding]]:
        account = self.read_account(user_id=user_id, account_id=account_id)
        self.bank.billed_users.add(user_id)
        if account.is_investment:
            holding = records.Holding(
                id=f"holding-of-{account_id}", account_id=account_id, shares=Decimal(3),
                ticker="MEM", ticker_name="Memory Inc.", currency_code="USD", amount=Decimal(300),
                cusip=self.bank.cusip,
            )  # fmt: skip
            yield records.Batch((holding,))

    def deactivate_holdings(self, *, user_id: str) -> None:
        self._call("deactivate_holdings")
        self._check_user(user_id)
        self.bank.billed_users.discard(user_id)

    def start_verification(self, *, user_id: str, member_id: str) -> records.Member:
        self._call("start_verification")
        member = self._member(user_id, member_id)
        self.bank.verified.add(member_id)
        return member

    def list_account_numbers(
        self, *, user_id: str, member_id: str
    ) -> records.Batch[records.AccountNumber]:
        self._call("list_account_numbers")
        self._member(user_id, member_id)
        accounts = self._accounts_of(member_id) if member_id in self.bank.verified else ()
        return records.Batch(
            tuple(
                records.AccountNumber(
                    account_id=account.id, account_number="123456789", routing="021000021"
                )
                for account in accounts
                if account.can_verify
            )
        )

    def list_account_owners(
        self, *, user_id: str, member_id: str
    ) -> records.Batch[records.AccountOwner]:
        self._call("list_account_owners")
        self._member(user_id, member_id)
        accounts = self._accounts_of(member_id)
        return records.Batch(
            tuple(records.AccountOwner(account_id=row.id, name="Ada Demo") for row in accounts)
        )

    def read_merchant(self, *, merchant_id: str) -> records.Merchant:
        self._call("read_merchant")
        return records.Merchant(id=merchant_id, name="Memory Coffee")

    def read_merchant_location(self, *, location_id: str) -> records.Location:
        self._call("read_merchant_location")
        return records.Location(city=f"City of {location_id}")

    def _accounts_of(self, member_id: str) -> tuple[records.Account, ...]:
        accounts = self.bank.accounts.values()
        return tuple(account for account in accounts if account.member_id == member_id)

    def _check_user(self, user_id: str) -> None:
        if user_id not in self.bank.users:
            raise errors.VendorUserNotFound(vendor=SLUG)

    def _member(self, user_id: str, member_id: str) -> records.Member:
        self._check_user(user_id)
        member = _get(self.bank.members, member_id)
        if member.user_id != user_id:
            raise errors.VendorNotFound
        return member

    def _call(self, operation: str) -> None:
        """One call for the audit log. Raises VendorAccessDenied for other keys."""
        is_refused = self.config.secret != API_SECRET
        if self.config.on_call is not None:
            call = CallRecord(
                vendor=SLUG, operation=operation, method="GET", path_template=f"/{operation}",
                attempt=1, status=401 if is_refused else 200, duration_ms=0,
                error="vendor_access_denied" if is_refused else None,
            )  # fmt: skip
            self.config.on_call(call)
        if is_refused:
            raise errors.VendorAccessDenied(vendor=SLUG, operation=operation, status=401)


def _get(rows: dict[str, T], key: str) -> T:
    try:
        return rows[key]
    except KeyError:
        raise errors.VendorNotFound(vendor=SLUG) from None


def parse_webhook(payload: Any) -> records.WebhookEvent | None:
    """A member that was imported: `{"member": "member-1"}`."""
    member_id = payload.get("member") if isinstance(payload, dict) else None
    if not isinstance(member_id, str):
        return None
    return records.WebhookEvent(kind="IMPORT", member_id=member_id, scope=SyncScope.EVERYTHING)


def spec_of(bank: MemoryBank) -> VendorSpec:
    """The SPEC of a vendor at which everybody meets in one bank."""
    api = ApiSpec(
        name="Memory",
        environments={"development": "https://memory.invalid"},
        versions=("1", "2"),
        limits=bank.limits,
        capabilities=bank.offered,
    )
    return VendorSpec(
        slug=SLUG,
        name="Memory",
        apis={"memory": api},
        open=lambda config: MemoryVendor(bank, config),
        webhooks=WebhookSpec(
            verify=has_basic_secret,
            parse=parse_webhook,
            redact=lambda _payload: {},
            challenge=BASIC_CHALLENGE,
        ),
    )
