"""Exchange rates: by command and in the admin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client as HttpClient

from nucleus.models import CurrencyRate, Tenant
from tests.factories.nucleus import CurrencyRateFactory

SCREEN = "/admin/nucleus/currencyrate/"
HEADER = "currency_code_from,currency_code_to,exchange_rate,date\n"
RATES = HEADER + "eur,USD,1.0842,2026-11-20\nUSD,IDR,16312.4500000001, 2026-11-20\n"


def by_command(tenant: Tenant, directory: Path, content: str) -> None:
    file = directory / "rates.csv"
    file.write_text(content, encoding="utf-8-sig")
    call_command("currency_rates", str(file), tenant=tenant.slug)


def stored(tenant: Tenant) -> list[str]:
    rows = CurrencyRate.objects.for_tenant(tenant).order_by("currency_code_from")
    return [f"{row} ({row.date})" for row in rows]


def test_by_command(tenant: Tenant, tmp_path: Path):
    CurrencyRateFactory(tenant=tenant)
    CurrencyRateFactory()  # a stranger's
    for _ in range(2):
        by_command(tenant, tmp_path, RATES)
        assert stored(tenant) == [
            "1 EUR = 1.0842000000 USD (2026-11-20)",
            "1 USD = 16312.4500000001 IDR (2026-11-20)",
        ]
    assert CurrencyRate.unscoped.count() == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER, "no rates"),
        ("from,to\nEUR,USD", "missing: currency_code_from"),
        (RATES + "EUR,USD,2,2026-11-20", "Line 4: EUR to USD is in"),
        (RATES + "CHF,USD,0,2026-11-20", "Line 4: exchange_rate"),
        (RATES + "CHF,USD,NaN,2026-11-20", "Line 4: exchange_rate"),
        (RATES + "CHF,USD,1.00000000001,2026-11-20", "Line 4: exchange_rate"),
        (RATES + "CHF,USD,1,tomorrow", "Line 4: date"),
        (RATES + "CHF,US$,1,2026-11-20", "Line 4: currency_code_to"),
        (RATES + "CHF,CHF,1,2026-11-20", "Line 4: currency_code_to: The two"),
        (RATES + "CHF", "Line 4: currency_code_to"),
        (RATES + '"CHF', "not CSV"),
        (HEADER + "EUR,USD,1,2026-11-20\n" * 1001, "more than 1000"),
        ("x" * 100_001, "larger than"),
    ],
)
def test_a_bad_file_stores_nothing(tenant: Tenant, tmp_path: Path, content: str, message: str):
    with pytest.raises(CommandError, match=message):
        by_command(tenant, tmp_path, content)
    assert not CurrencyRate.unscoped.exists()


def test_in_the_admin(db: Any, tenant: Tenant):
    http = HttpClient()
    http.force_login(get_user_model().objects.create_superuser("staff", password="x" * 20))

    def upload(content: str) -> Any:
        file = SimpleUploadedFile("rates.csv", content.encode())
        return http.post(SCREEN + "add/", {"tenant": tenant.pk, "file": file}, follow=True)

    assert HEADER.strip() in http.get(SCREEN + "add/").content.decode()
    assert "Line 2: exchange_rate" in upload(HEADER + "EUR,USD,-1,2026-11-20").content.decode()
    assert stored(tenant) == []
    for _ in range(2):
        assert "2 rates were stored" in upload(RATES).content.decode()
    assert len(stored(tenant)) == 2
    row = CurrencyRate.unscoped.get(currency_code_from="EUR")
    change = {"exchange_rate": "1.09", "date": "2026-11-21"}
    assert http.post(f"{SCREEN}{row.pk}/change/", change).status_code == 302
    assert stored(tenant)[0] == "1 EUR = 1.0900000000 USD (2026-11-21)"
