"""The page of an aggregation account: its data, and what leads up, down and across."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from integrations.models import AccountLink
from nucleus.admin.balance_picture import picture_of
from nucleus.admin.entry_conditions import DAY
from nucleus.admin.exports import ExportingAdmin, columns, owner_of
from nucleus.admin.links import customer_link
from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.admin.reveals import RevealingAdmin
from nucleus.models import AggregationAccount
from nucleus.reads import account_figures
from nucleus.reads.account_figures import Period

DEFAULT_DAYS = 30
MAX_MERGED = 20
SHOWN_BALANCES = 10
Link = tuple[str, str, str]  # what it is, its name, its page


class PeriodForm(forms.Form):
    """The days of the totals; by default the last DEFAULT_DAYS."""

    first = forms.DateField(label="From", widget=DAY)
    last = forms.DateField(label="To and including", widget=DAY)


@admin.register(AggregationAccount)
class AggregationAccountAdmin(ExportingAdmin, RevealingAdmin, ReadOnlyAdmin):
    """Accounts of customers at banks."""

    list_display = (
        "account_name", "institution_name", "customer", "tenant", "category", "mask", "is_active",
    )  # fmt: skip
    list_filter = ("category", "is_active", "is_classified", "is_link_verified")
    list_select_related = ("client", "business", "tenant", "institution", "bank_link")
    search_fields = ("account_name", "client__username", "business__legal_name", "id")
    change_form_outer_before_template = "admin/account_figures.html"
    number_columns = (("Account number", "account_number"),)
    export_columns = (
        ("id", "pk"),
        ("tenant", "tenant.slug"),
        ("customer_id", lambda row: owner_of(row).pk),
        ("customer", owner_of),
        ("account", "account_name"),
        ("bank", "institution_name"),
        *columns(
            "mask", "category", "subcategory", "currency_code", "is_asset", "is_manual",
            "is_link_verified", "is_active",
        ),
        ("created", "create_date"),
        ("changed", "update_date"),
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": (
            "account_name", "institution_name", "account_holder", "mask", "category",
            "subcategory", "currency_code", "tenant", "is_active", "is_link_verified",
        )}),
        ("Terms", {"classes": ("collapse",), "fields": (
            "apr", "apy", "interest_rate", "credit_limit", "last_payment", "last_payment_date",
            "minimum_payment", "next_payment_date", "maturity_date", "death_benefit",
        )}),
        ("Kind", {"classes": ("collapse",), "fields": (
            "is_asset", "is_cash", "is_investment", "is_business", "is_manual", "is_classified",
        )}),
        ("Advanced", {"classes": ("collapse",), "fields": (
            "id", "secondary_id", "account_category_id", "financial_offer_id", "metadata",
            "created", "changed",
        )}),
    )  # fmt: skip
    readonly_fields = ("id", "is_classified", "created", "changed")

    @admin.display(description="customer")
    def customer(self, row: AggregationAccount) -> SafeString:
        return customer_link(row)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        account: Any = self.get_object(request, object_id)
        if account is not None and self.has_view_permission(request, account):
            extra_context = (extra_context or {}) | self._figures(request, account)
        return super().change_view(request, object_id, form_url, extra_context)

    def _figures(self, request: HttpRequest, account: AggregationAccount) -> dict[str, Any]:
        """The data that this person may see, and the links to it."""
        figures: dict[str, Any] = {"links": self._links(request, account)}
        if request.user.has_perm("nucleus.view_aggregationaccountbalance"):
            balances = account_figures.newest_balances(account)
            figures["balances"] = balances[:SHOWN_BALANCES]
            figures["picture"] = picture_of(balances)
        if request.user.has_perm("nucleus.view_aggregationaccounttransaction"):
            form = PeriodForm(_period_values(request.GET), auto_id="period_%s")
            period = _default_period()
            if form.is_valid():
                period = Period(form.cleaned_data["first"], form.cleaned_data["last"])
            figures["period_form"], figures["period"] = form, period
            figures["totals"] = account_figures.totals_of(account, period)
            figures["transactions"] = account_figures.newest_transactions(account)
        if request.user.has_perm("nucleus.view_aggregationaccountholding"):
            figures["holdings"] = account_figures.held_positions(account)
        return {"figures": figures}

    def _links(self, request: HttpRequest, account: AggregationAccount) -> list[Link]:
        """Pages of rows that the account belongs to or is related to, if they may be seen."""
        owner: Any = account.client or account.business
        rows = [("Customer", owner), ("Bank link", account.bank_link)]
        links = AccountLink.unscoped.filter(aggregation_account=account, ended_at=None)
        for link in links.select_related("member")[:1]:
            rows += [("Connection", link.member), ("Account at the vendor", link)]
        related = Q(pk=account.merged_into_id) | Q(merged_into=account, tenant=account.tenant_id)
        for other in AggregationAccount.unscoped.filter(related)[:MAX_MERGED]:
            is_kept = other.pk == account.merged_into_id
            rows.append(("Merged into" if is_kept else "Merged account", other))
        return [(title, str(row), _page(row)) for title, row in rows if _may_see(request, row)]


def _may_see(request: HttpRequest, row: Any) -> bool:
    return row is not None and request.user.has_perm(
        f"{row._meta.app_label}.view_{row._meta.model_name}"
    )


def _page(row: Any) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return reverse(name, args=[row.pk])


def _default_period() -> Period:
    today: date = timezone.now().date()
    return Period(today - timedelta(days=DEFAULT_DAYS - 1), today)


def _period_values(sent: Any) -> dict[str, Any]:
    default = _default_period()
    return {
        "first": sent.get("first") or default.first,
        "last": sent.get("last") or default.last,
    }
