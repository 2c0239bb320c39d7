"""The parameter that chooses what the gateway speaks to MX in the tests."""

from __future__ import annotations

import pytest

from integrations.vendors import registry
from tests import mx_api


def test_a_version_that_is_not_named_is_the_newest():
    for slug, api in registry.get("mx").apis.items():
        assert mx_api.named(slug) == mx_api.named(f"{slug}/{api.versions[-1]}")


def test_without_a_choice_it_is_the_api_of_new_credentials():
    assert mx_api.named("").slug == next(iter(registry.get("mx").apis))


@pytest.mark.parametrize("name", ["nessus", "atrium/v0", "/v1"])
def test_an_api_that_does_not_exist_ends_the_run(name: str):
    with pytest.raises(ValueError, match="there are"):
        mx_api.named(name)
