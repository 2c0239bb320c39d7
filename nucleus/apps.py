"""Nucleus, the system of record."""

from decimal import Decimal
from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class NucleusConfig(AppConfig):
    name = "nucleus"
    verbose_name = "Nucleus"

    def ready(self) -> None:
        connection_created.connect(_install_money_collation, dispatch_uid="nucleus.money")


def _install_money_collation(*, connection: Any, **_: Any) -> None:
    """Add the collation by which SQLite compares the text of MoneyField by value."""
    if connection.vendor == "sqlite":
        connection.connection.create_collation("money", _compare_amounts)


def _compare_amounts(left: str, right: str) -> int:
    left_amount, right_amount = Decimal(left), Decimal(right)
    return (left_amount > right_amount) - (left_amount < right_amount)
