"""Screens of accounts that may be the same one at the bank, and of merges."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString

from integrations.flows import account_merges, possible_duplicates
from integrations.flows.errors import FlowError
from integrations.models import AccountLink, AccountMerge, PossibleDuplicate
from nucleus.admin.confirmation import confirmed_action
from nucleus.admin.links import customer_link, row_link
from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.models import AggregationAccount, AggregationAccountBalance

MAX_MERGED = 20  # per action; each may move tens of thousands of transactions
SIDES = ("aggregation_account", "other_account")


@admin.register(PossibleDuplicate)
class PossibleDuplicateAdmin(ReadOnlyAdmin):
    """Two accounts of one owner that look like the same one; merge or dismiss them."""

    list_display = (
        "customer_name", "tenant", "later_account", "earlier_account", "reason", "state",
    )  # fmt: skip
    list_filter = ("state",)
    list_select_related = (
        "tenant", "aggregation_account__client", "aggregation_account__business",
        "other_account",
    )  # fmt: skip
    search_fields = (
        "aggregation_account__client__username", "aggregation_account__business__legal_name",
        "aggregation_account__account_name", "other_account__account_name",
    )  # fmt: skip
    ordering = ("-create_date",)
    actions = ("merge_into_earlier", "merge_into_later", "dismiss")
    fields = (
        "customer", "tenant", "later_account", "earlier_account", "reason", "state", "id",
        "created", "changed",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        for side in SIDES:
            balances = AggregationAccountBalance.unscoped.filter(
                aggregation_account=OuterRef(side), is_active=True
            ).order_by("-balance_time_stamp", "-create_date")
            links = AccountLink.unscoped.filter(aggregation_account=OuterRef(side), ended_at=None)
            rows = rows.annotate(
                **{
                    f"{side}_balance": Subquery(balances.values("balance")[:1]),
                    f"{side}_connection": Subquery(links.values("member__name")[:1]),
                }
            )
        return rows

    @admin.display(description="customer")
    def customer_name(self, row: PossibleDuplicate) -> str:
        """Without a link: the first column leads to the page of the row."""
        return str(row.aggregation_account.client or row.aggregation_account.business)

    @admin.display(description="customer")
    def customer(self, row: PossibleDuplicate) -> SafeString:
        return customer_link(row.aggregation_account)

    @admin.display(description="account linked later")
    def later_account(self, row: PossibleDuplicate) -> str:
        return _description(row, "aggregation_account")

    @admin.display(description="account linked earlier")
    def earlier_account(self, row: PossibleDuplicate) -> str:
        return _description(row, "other_account")

    @confirmed_action(
        description="Merge into the account linked earlier",
        question="Merge the account linked later into the one linked earlier, which is kept?",
        button="Yes, merge them",
        permissions=["repeat"],
        max_rows=MAX_MERGED,
    )
    def merge_into_earlier(self, request: HttpRequest, rows: list[PossibleDuplicate]) -> None:
        for row in rows:
            self._merge(request, row, kept=row.other_account, merged=row.aggregation_account)

    @confirmed_action(
        description="Merge into the account linked later",
        question="Merge the account linked earlier into the one linked later, which is kept?",
        button="Yes, merge them",
        permissions=["repeat"],
        max_rows=MAX_MERGED,
    )
    def merge_into_later(self, request: HttpRequest, rows: list[PossibleDuplicate]) -> None:
        for row in rows:
            self._merge(request, row, kept=row.aggregation_account, merged=row.other_account)

    @confirmed_action(
        description="Dismiss",
        question="State that these are different accounts? They are not reported again.",
        button="Yes, dismiss them",
        permissions=["repeat"],
    )
    def dismiss(self, request: HttpRequest, rows: list[PossibleDuplicate]) -> None:
        for row in rows:
            try:
                possible_duplicates.dismiss(row)
            except FlowError as error:
                messages.error(request, f"{row}: {error}")
            else:
                self.record(request, row, "Dismissed.")
                messages.success(request, f"{row}: dismissed.")

    def _merge(
        self,
        request: HttpRequest,
        row: PossibleDuplicate,
        *,
        kept: AggregationAccount,
        merged: AggregationAccount,
    ) -> None:
        name = f"staff: {request.user.get_username()}"
        try:
            merge = account_merges.merge(kept=kept, merged=merged, requested_by=name)
        except FlowError as error:
            messages.error(request, f"{row}: {error}")
            return
        self.record(request, row, f"Merged {merged.pk} into {kept.pk}.")
        messages.success(request, f"{row}: merged; {merge.moved_transactions} transactions moved.")


@admin.register(AccountMerge)
class AccountMergeAdmin(ReadOnlyAdmin):
    """Merges of accounts; they can be undone."""

    list_display = (
        "kept_account", "merged_account", "customer", "tenant", "requested_by",
        "moved_transactions", "created", "undone_at",
    )  # fmt: skip
    fields = (
        "kept_link", "merged_link", "customer", "tenant", "requested_by", "moved_transactions",
        "created", "undone_at", "id",
    )  # fmt: skip
    readonly_fields = fields
    list_select_related = (
        "tenant", "kept_account__client", "kept_account__business", "merged_account",
    )  # fmt: skip
    search_fields = (
        "kept_account__client__username", "kept_account__business__legal_name",
        "kept_account__account_name",
    )  # fmt: skip
    ordering = ("-create_date",)
    actions = ("undo",)

    @admin.display(description="customer")
    def customer(self, row: AccountMerge) -> SafeString:
        return customer_link(row.kept_account)

    @admin.display(description="kept account")
    def kept_link(self, row: AccountMerge) -> SafeString:
        return row_link(row.kept_account)

    @admin.display(description="merged account")
    def merged_link(self, row: AccountMerge) -> SafeString:
        return row_link(row.merged_account)

    @confirmed_action(
        description="Undo the merge",
        question="Undo these merges? The merged accounts get back their transactions and links.",
        button="Yes, undo them",
        permissions=["repeat"],
        max_rows=MAX_MERGED,
    )
    def undo(self, request: HttpRequest, rows: list[AccountMerge]) -> None:
        for row in sorted(rows, key=lambda row: row.create_date, reverse=True):
            try:
                account_merges.undo(row)
            except FlowError as error:
                messages.error(request, f"{row}: {error}")
            else:
                self.record(request, row, "Undone.")
                messages.success(request, f"{row}: undone.")


def _description(row: Any, side: str) -> str:
    """What tells an account from another one, in one line."""
    account: AggregationAccount = getattr(row, side)
    balance, connection = getattr(row, f"{side}_balance"), getattr(row, f"{side}_connection")
    parts = [
        account.account_name,
        f"…{account.mask}" if account.mask else "no number",
        account.institution_name,
        f"connection {connection}" if connection else "not connected",
        "no balance" if balance is None else f"{balance:.2f} {account.currency_code}",
        "active" if account.is_active else "inactive",
    ]
    return ", ".join(parts)
