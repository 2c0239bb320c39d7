"""The screen of exchange rates: "add" uploads a CSV file; single rates can be corrected."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminFileFieldWidget

from nucleus import writes
from nucleus.admin.base import BaseAdmin
from nucleus.models import CurrencyRate


class UploadForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whose rates, and a file of them."""

    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        help_text="CSV with the header currency_code_from,currency_code_to,exchange_rate,date and "
        "lines such as EUR,USD,1.0842,2026-11-20. A pair's new rate replaces its old one.",
    )

    class Meta:
        model = CurrencyRate
        fields = ("tenant",)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "tenant" in cleaned and "file" in cleaned:
            content = cleaned["file"].read(writes.MAX_RATES_BYTES + 1)
            try:
                self.rates = writes.read_currency_rates(tenant=cleaned["tenant"], content=content)
            except writes.RatesRefused as refusal:
                self.add_error("file", str(refusal))
        return cleaned


@admin.register(CurrencyRate)
class CurrencyRateAdmin(BaseAdmin):
    """What `currency_conversion` converts with."""

    list_display = (
        "currency_code_from", "currency_code_to", "exchange_rate", "date", "tenant", "changed",
    )  # fmt: skip
    list_select_related = ("tenant",)
    search_fields = ("currency_code_from", "currency_code_to")
    ordering = ("tenant", "currency_code_from", "currency_code_to")

    def get_fields(self, request: HttpRequest, obj: CurrencyRate | None = None) -> Any:
        return ("exchange_rate", "date") if obj else ("tenant", "file")

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = UploadForm
        return super().get_form(request, obj, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        if change:
            super().save_model(request, obj, form, change)
            return
        writes.store_currency_rates(form.rates)
        first = form.rates[0]
        stored = CurrencyRate.objects.for_tenant(first.tenant).get(
            currency_code_from=first.currency_code_from, currency_code_to=first.currency_code_to
        )
        obj.__dict__.update(stored.__dict__)  # for the log of what staff did
        messages.info(request, f"{len(form.rates)} rates were stored.")
