"""Swagger UI and ReDoc, without asking any other host."""

from __future__ import annotations

import pytest

from demo.stack import Stack
from tests.browser.person import Person


@pytest.mark.parametrize(
    ("page", "words"),
    [("docs", "Create aggregation accounts from a linked member"), ("redoc", "Get a widget link")],
)
def test_the_api_is_shown(person: Person, stack: Stack, page: str, words: str) -> None:
    person.opens(f"{stack.gateway}/{page}")
    person.sees(words)
    asked = "return performance.getEntriesByType('resource').map(one => one.name)"
    for url in person.driver.execute_script(asked):
        if not url.startswith((stack.gateway, "data:", "blob:")):  # the policy stopped it
            assert any(url in one and "Security Policy" in one for one in person.complaints())
