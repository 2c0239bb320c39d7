"""Saving a row only where it differs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from nucleus.writes.changes import rounded_as_stored, save_changes
from tests.factories.nucleus import AggregationAccountFactory

pytestmark = pytest.mark.django_db


def test_only_the_columns_that_differ_are_saved() -> None:
    account = AggregationAccountFactory(account_name="Checking", apr=Decimal("1.5"))
    account.is_active = False  # set on the instance only: not among the columns

    assert save_changes(account, {"account_name": "Savings", "apr": Decimal("1.5")}) == [
        "account_name"
    ]

    account.refresh_from_db()
    assert (account.account_name, account.is_active) == ("Savings", True)


def test_a_row_without_differences_is_not_written(django_assert_num_queries) -> None:
    account = AggregationAccountFactory(account_name="Checking")

    with django_assert_num_queries(0):
        assert save_changes(account, {"account_name": "Checking"}) == []


def test_rounding_is_not_a_difference(django_assert_num_queries) -> None:
    account = AggregationAccountFactory()
    save_changes(account, {"apr": Decimal("0.123456789")})
    account.refresh_from_db()

    with django_assert_num_queries(0):
        assert save_changes(account, {"apr": Decimal("0.123456789")}) == []


def test_amounts_are_rounded_half_to_even_at_eight_places() -> None:
    assert rounded_as_stored(Decimal("0.000000005")) == Decimal("0E-8")
    assert rounded_as_stored(Decimal("0.000000015")) == Decimal("2E-8")
    assert rounded_as_stored("0.000000005") == "0.000000005"
