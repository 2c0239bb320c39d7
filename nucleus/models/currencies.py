"""Exchange rates, as a tenant or its staff enter them."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from nucleus import iso_codes
from nucleus.models.base import TenantRecord

CODE = RegexValidator(r"\A[A-Z]{3}\Z", "Use an ISO 4217 code such as EUR.")


class CurrencyRate(TenantRecord):
    """One unit of `currency_code_from` is `exchange_rate` units of `currency_code_to`.

    One row per pair of currencies; `date` is the day of the rate.
    """

    currency_code_from = models.CharField("from", max_length=3, validators=[CODE])
    currency_code_to = models.CharField("to", max_length=3, validators=[CODE])
    exchange_rate = models.DecimalField(
        max_digits=18, decimal_places=10, validators=[MinValueValidator(Decimal("1e-10"))]
    )
    date = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "currency_code_from", "currency_code_to"],
                name="currency_rate_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.currency_code_from} = {self.exchange_rate} {self.currency_code_to}"

    def clean(self) -> None:
        for name in ("currency_code_from", "currency_code_to"):
            code = getattr(self, name)
            if code and not iso_codes.is_currency(code):
                raise ValidationError({name: f"{code} is not a currency of ISO 4217."})
        if self.currency_code_from and self.currency_code_from == self.currency_code_to:
            raise ValidationError({"currency_code_to": "The two currencies must differ."})
