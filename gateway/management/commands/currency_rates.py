"""manage.py currency_rates: store exchange rates from a CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from nucleus import writes
from nucleus.models import Tenant


class Command(BaseCommand):
    help = (
        "Store exchange rates for currency_conversion. The file is CSV with the header "
        "currency_code_from,currency_code_to,exchange_rate,date. A new rate of a pair replaces the "
        "old one. If a row is invalid, nothing is stored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="slug, e.g. demo")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']!r}.")
        try:
            content = options["file"].read_bytes()
            rates = writes.read_currency_rates(tenant=tenant, content=content)
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.") from None
        except writes.RatesRefused as refusal:
            raise CommandError(str(refusal)) from None
        writes.store_currency_rates(rates)
        self.stdout.write(f"{len(rates)} rates were stored for {tenant.slug}.")
