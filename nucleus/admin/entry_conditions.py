"""What lists of balances, transactions and holdings can be filtered by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404
from unfold.widgets import INPUT_CLASSES

from nucleus.admin.form_filters import ConditionsForm
from nucleus.admin.tenant_access import MAX_CHOICES, confine, visible_tenants
from nucleus.models import AggregationAccount, Business, Client
from nucleus.models.base import CURRENCY_LENGTH
from nucleus.models.ledger import STATUSES

DAY = forms.DateInput(attrs={"type": "date", "class": " ".join(INPUT_CLASSES)}, format="%Y-%m-%d")
ANY = ("", "any")
TENANT = "tenant__id__exact"  # as in other lists
DIRECTIONS = ("Credit", "money in"), ("Debit", "money out")


class EntryConditions(ConditionsForm):
    """Conditions of all three. A list has rows of one tenant, because its indexes begin with that.

    Without a tenant, account or customer it has those of the first tenant that the person sees.
    """

    tenant__id__exact = forms.ChoiceField(label="Tenant")
    account = forms.UUIDField(label="Account id")
    customer = forms.UUIDField(label="Customer id", help_text="of a person or business")
    from_day = forms.DateField(label="From", widget=DAY)
    to_day = forms.DateField(label="To and including", widget=DAY)
    currency = forms.CharField(label="Currency", max_length=CURRENCY_LENGTH)
    least = forms.DecimalField(label="Amount from", max_digits=24, decimal_places=8)
    most = forms.DecimalField(label="Amount to", max_digits=24, decimal_places=8)
    active = forms.ChoiceField(
        label="Active", choices=(ANY, ("yes", "active"), ("no", "withdrawn or inactive"))
    )

    amount_column = "amount"

    def __init__(self, data: Mapping[str, Any], *, user: Any) -> None:
        super().__init__(data, user=user)
        tenants = list(visible_tenants(user)[:MAX_CHOICES])
        self.default_tenant = tenants[0].pk if tenants else None
        choice: Any = self.fields[TENANT]
        choice.choices = [(str(tenant.pk), tenant.name) for tenant in tenants]
        if len(tenants) <= 1:
            choice.widget = forms.HiddenInput()

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.cleaned_data
        rows = self._of_owner(rows)
        if chosen["currency"]:
            codes = {chosen["currency"], chosen["currency"].upper()}
            rows = rows.filter(currency_code__in=codes)
        if chosen["least"] is not None:
            rows = rows.filter(**{f"{self.amount_column}__gte": chosen["least"]})
        if chosen["most"] is not None:
            rows = rows.filter(**{f"{self.amount_column}__lte": chosen["most"]})
        if chosen["active"]:
            rows = rows.filter(is_active=chosen["active"] == "yes")
        return self._of_days(rows)

    def _of_owner(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the account, of the customer or else of the tenant."""
        account, customer = self.cleaned_data["account"], self.cleaned_data["customer"]
        if account:
            rows = self._of_account_id(rows, account)
        if customer:
            rows = self._of_customer_id(rows, customer)
        if account or customer:
            return rows
        tenant = self.cleaned_data[TENANT] or self.default_tenant
        return rows.filter(tenant=tenant) if tenant else rows.none()

    def _of_account_id(self, rows: QuerySet[Any], row_id: Any) -> QuerySet[Any]:
        account = confine(AggregationAccount.unscoped.filter(pk=row_id), self.user).first()
        if account is None:
            raise Http404("There is no such account.")
        return rows.filter(tenant=account.tenant_id, aggregation_account=account.pk)

    def _of_customer_id(self, rows: QuerySet[Any], row_id: Any) -> QuerySet[Any]:
        for model, name in ((Client, "client"), (Business, "business")):
            owner = confine(model.unscoped.filter(pk=row_id), self.user).first()
            if owner is not None:
                path = f"aggregation_account__{name}"
                return rows.filter(tenant=owner.tenant_id, **{path: owner.pk})
        raise Http404("There is no such customer.")

    def _of_days(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        raise NotImplementedError


class TransactionConditions(EntryConditions):
    """Days are those under which the bank books."""

    direction = forms.ChoiceField(label="Direction", choices=(ANY, *DIRECTIONS))
    status = forms.ChoiceField(
        label="Status", choices=(ANY, *((status, status) for status in STATUSES))
    )

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().narrowed(rows)
        if self.cleaned_data["direction"]:
            rows = rows.filter(transaction_type=self.cleaned_data["direction"])
        if self.cleaned_data["status"]:
            rows = rows.filter(status=self.cleaned_data["status"])
        return rows

    def _of_days(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.cleaned_data
        if chosen["from_day"]:
            rows = rows.filter(booking_date__gte=chosen["from_day"])
        if chosen["to_day"]:
            rows = rows.filter(booking_date__lte=chosen["to_day"])
        return rows


class BalanceConditions(EntryConditions):
    """Days of balances begin at 00:00 UTC."""

    amount_column = "balance"
    day_column = "balance_time_stamp"

    def _of_days(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.cleaned_data
        if chosen["from_day"]:
            start = datetime.combine(chosen["from_day"], time.min, tzinfo=UTC)
            rows = rows.filter(**{f"{self.day_column}__gte": start})
        if chosen["to_day"]:
            end = datetime.combine(chosen["to_day"], time.max, tzinfo=UTC)
            rows = rows.filter(**{f"{self.day_column}__lte": end})
        return rows


class HoldingConditions(BalanceConditions):
    """Days on which a holding was last valued, in UTC."""

    amount_column = "amount"
    day_column = "holding_date"
