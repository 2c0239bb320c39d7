"""The mask of an account number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nucleus.masking import mask, masked

DIGITS = "12345678901234567890"
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("length", range(21))
def test_a_mask_has_at_most_four_digits_and_half_the_number(length: int):
    number = DIGITS[:length]
    shown = mask(number)
    assert number.endswith(shown)
    assert len(shown) == min(4, length // 2)
    assert masked(number) == (f"****{shown}" if number else "")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("99-0001", "001"),
        ("0001 ", "01"),
        ("12 34 56 78", "5678"),
        ("DE89 3704", "3704"),
        ("-- ..", ""),
        ("XXXXX7890", "7890"),  # as MX sends it
        ("****7890", "7890"),
        ("•••••••7890", "7890"),
        ("**90", "90"),
        ("*****", ""),
    ],
)
def test_separators_and_numbers_that_are_masked_already(number: str, shown: str):
    assert mask(number) == shown


@given(st.text(max_size=40))
def test_any_text_has_a_short_mask(number: str):
    shown = mask(number)
    assert len(shown) <= min(4, len(number) // 2)


def test_no_number_has_no_mask():
    assert masked(None) is None


def test_no_other_module_masks_numbers():
    """Nothing but nucleus/masking.py cuts the end off a number."""
    cuts = [
        path
        for package in ("gateway", "integrations", "nucleus", "celery_app")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"\[-\s*4\s*:\]", path.read_text())
    ]
    assert cuts == []
