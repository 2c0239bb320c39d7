"""Nucleus, the system of record."""

from decimal import Decimal
from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class NucleusConfig(AppConfig):
    name = "nucleus"
    verbose_name = "Nucleus"

    def ready(self) -> None:
        connection_created.connect(_install_money, dispatch_uid="nucleus.money")


def _install_money(*, connection: Any, **_: Any) -> None:
    """Teach SQLite to compare MoneyField's text by value."""
    if connection.vendor == "sqlite":
        connection.connection.create_collation("money", _compare)


def _compare(left: str, right: str) -> int:
    one, other = Decimal(left), Decimal(right)
    return (one > other) - (one < other)
