"""Columns that every record shares."""

from __future__ import annotations

import uuid
from decimal import Context, Decimal
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.text import camel_case_to_spaces

from nucleus.scoping import TenantManager

CURRENCY_LENGTH = 16  # vendors have units that are no ISO 4217 currencies
FLOAT_DIGITS = Context(prec=15)  # that a float always preserves


def api_name(model: type[models.Model]) -> str:
    """What the API calls a row of the model, as words: "client", where staff read "customer"."""
    return camel_case_to_spaces(model.__name__)


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """An exact decimal: 16 digits before the point, 8 after (shares and prices need them).

    SQLite has no decimals and Django's own field keeps floats there, exact to 15 digits only. This
    one keeps text, which the collation that nucleus.apps installs compares by value.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=24, decimal_places=8)
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        return "MoneyField"  # else Django's SQLite backend reads and casts it as a float

    def db_type(self, connection: Any) -> str:
        return "text COLLATE money" if connection.vendor == "sqlite" else "numeric(24, 8)"

    def from_db_value(self, value: Any, *_: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        # SQLite's own arithmetic, sums for one, is in floats.
        exact = Decimal(value) if isinstance(value, str) else FLOAT_DIGITS.create_decimal(value)
        return exact.quantize(Decimal("1e-8"), context=self.context)


class Record(models.Model):
    """An object with an id and the dates of its row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    create_date = models.DateTimeField(auto_now_add=True)
    update_date = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class TenantRecord(Record):
    """A record that belongs to one tenant and is only reached through it."""

    tenant = models.ForeignKey("nucleus.Tenant", on_delete=models.PROTECT, related_name="+")

    unscoped: ClassVar[models.Manager[Self]] = models.Manager()
    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True


class ApiRecord(TenantRecord):
    """A tenant's record as the API shows it; `secondary_id` and `metadata` are the tenant's own."""

    secondary_id = models.CharField(max_length=255, null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True
