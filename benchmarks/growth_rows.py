"""The rows of benchmarks.growth: made by the database before their indexes, which takes seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountTransaction,
    Client,
    Tenant,
)

PER_ACCOUNT, PER_CLIENT = 500, 1000  # transactions
COMMON, RARE, OLD = "Food & Dining", "Lottery", "Closed category"
SECONDARY_ID = "key-77"
# Every 1,000th row is pending; RARE are about fifty rows of any table, OLD its oldest hundredth.
TRANSACTION = {
    "aggregation_account_id": "{account}",
    "source_id": "'TRN-' || n",
    "transaction_date": "{day}",
    "booking_date": "{date}",
    "status": "CASE WHEN n % 1000 = 3 THEN 'pending' ELSE 'posted' END",
    "amount": "{amount}",
    "transaction_type": "CASE WHEN n % 9 = 0 THEN 'Credit' ELSE 'Debit' END",
    "category": f"CASE WHEN n % {{rare}} = 11 THEN '{RARE}' WHEN n < {{old}} THEN '{OLD}'"
    f" WHEN n % 4 = 0 THEN '{COMMON}' ELSE 'Category ' || (n % 40) END",
    "subcategory": "'Subcategory ' || (n % 90)",
    "description": "'Supermarket ' || (n % 50000)",
    "merchant": "'Merchant ' || (n % 3000)",
    "merchant_id": "{merchant}",
    "secondary_id": "CASE WHEN n % 1000 = 77 THEN 'key-' || n END",
    "currency_code": "'USD'",
    "metadata": "'{{}}'",
    "is_active": "n % 500 <> 5",
    "is_recurring": "n % 200 = 1",
    "is_excluded_analysis": "{false}",
    "is_fee": "n % 10000 = 9",
    "is_transfer": "n % 50 = 1",
    "source_generation": "1",
}
BALANCE = {
    "aggregation_account_id": "{account}",
    "balance_time_stamp": "{day}",
    "balance": "{amount}",
    "currency_code": "'USD'",
    "metadata": "'{{}}'",
    "is_active": "{true}",
}
ACCOUNT = {
    "client_id": "{client}",
    "account_name": "'Checking ' || n",
    "institution_name": "'MX Bank'",
    "category": "'Bank Account'",
    "currency_code": "'USD'",
    "metadata": "'{{}}'",
    **dict.fromkeys(("is_active", "is_asset", "is_classified"), "{true}"),
    **dict.fromkeys(
        ("is_manual", "is_link_verified", "is_business", "is_cash", "is_investment"), "{false}"
    ),
}
CLIENT = {
    "username": "'client-' || n",
    "username_key": "'client-' || n",
    "client_type": "'consumer'",
    "email": "'client-' || n || '@demo.example'",
    "password": "''",
    **dict.fromkeys(("address", "authorities", "country_of_citizenship", '"group"'), "'[]'"),
    "metadata": "'{{}}'",
    "is_active": "{true}",
    **dict.fromkeys(("is_verified", "shares_username_key"), "{false}"),
}
# Ids name their row's number; those of transactions are spread as random ones are.
POSTGRESQL = {
    "numbers": "SELECT generate_series(0::bigint, {last}::bigint) AS n",
    "random_id": "gen_random_uuid()",
    "id": "(lpad(to_hex({tenant}), 8, '0') || lpad(to_hex({row}), 24, '0'))::uuid",
    "to_id": "::uuid",
    "date": "date '2024-01-01' + (n % 730)::int",
    "day": "timestamptz '2024-01-01 00:00Z' + (n % 730)::int * interval '1 day'",
    "written": "timestamptz '2026-01-01 00:00Z' + (n / 2000) * interval '1 second'",
    "amount": "(n * 7919 % 9000000) / 100.0",
    "true": "true",
    "false": "false",
}
SQLITE = {
    "numbers": "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers"
    " WHERE n < {last}) SELECT n FROM numbers",
    "random_id": "lower(hex(randomblob(16)))",
    "id": "printf('%08x%024x', {tenant}, {row})",
    "to_id": "",
    "date": "date('2024-01-01', '+' || (n % 730) || ' days')",
    "day": "date('2024-01-01', '+' || (n % 730) || ' days') || ' 00:00:00'",
    "written": "datetime('2026-01-01', '+' || (n / 2000) || ' seconds')",
    "amount": "printf('%.8f', (n * 7919 % 9000000) / 100.0)",
    "true": "1",
    "false": "0",
}


@dataclass(frozen=True, slots=True)
class Sized:
    """A tenant and how many transactions it has; `number` is in the ids of its rows."""

    tenant: Tenant
    number: int
    size: int

    def id_of(self, row: int) -> UUID:
        return UUID(int=(self.number << 96) + row)

    @property
    def account(self) -> UUID:
        """One that a tenant of any size has."""
        return self.id_of(1)

    @property
    def client(self) -> UUID:
        """Whose account that is."""
        return self.id_of(0)

    @property
    def merchant(self) -> UUID:
        return self.id_of(7)


def fill(tenants: Sequence[Sized]) -> None:
    """Make the rows of all tenants, in the same tables."""
    parts: list[tuple[type[Model], dict[str, str], float]] = [
        (Client, CLIENT, 1 / PER_CLIENT),
        (AggregationAccount, ACCOUNT, 1 / PER_ACCOUNT),
        (AggregationAccountBalance, BALANCE, 1 / 10),
        (AggregationAccountTransaction, TRANSACTION, 1),
    ]
    for model, columns, share in parts:
        with _without_indexes(model), _without_triggers():
            for sized in tenants:
                _insert(model, columns, sized, round(sized.size * share))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _insert(model: type[Model], columns: dict[str, str], sized: Sized, rows: int) -> None:
    is_postgresql = connection.vendor == "postgresql"
    texts = POSTGRESQL if is_postgresql else SQLITE
    is_random = model in (AggregationAccountTransaction, AggregationAccountBalance)
    per_account = PER_ACCOUNT // 10 if model is AggregationAccountBalance else PER_ACCOUNT

    def key(row: str) -> str:
        return texts["id"].format(tenant=sized.number, row=row)

    values: dict[str, str] = {
        **texts,
        "account": key(f"n / {per_account}"),
        "client": key(f"n * {PER_ACCOUNT} / {PER_CLIENT}"),
        "merchant": key("n % 3000"),
        "rare": str(max(rows // 50, 12)),
        "old": str(rows // 100),
    }
    tenant = str(sized.tenant.pk) if is_postgresql else sized.tenant.pk.hex
    row = {
        "id": texts["random_id"] if is_random else key("n"),
        "tenant_id": f"'{tenant}'{texts['to_id']}",
        "create_date": texts["written"],
        "update_date": texts["written"],
        **{name: text.format(**values) for name, text in columns.items()},
    }
    numbers = texts["numbers"].format(last=rows - 1)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(row)})"  # noqa: S608
            f" SELECT {', '.join(row.values())} FROM ({numbers}) AS numbers"
        )


@contextmanager
def _without_triggers() -> Iterator[None]:
    """Do not look up each foreign key, where the database allows that."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT current_setting('is_superuser')")
            if cursor.fetchone() == ("on",):
                cursor.execute("SET session_replication_role = replica")
        yield
        if connection.vendor == "postgresql":
            cursor.execute("RESET session_replication_role")


@contextmanager
def _without_indexes(model: Any) -> Iterator[None]:
    """Drop the table's indexes, but for constraints; make them again at the end."""
    with connection.schema_editor() as editor:
        for index in model._meta.indexes:
            editor.remove_index(model, index)
    yield
    with connection.schema_editor() as editor:
        for index in model._meta.indexes:
            editor.add_index(model, index)
