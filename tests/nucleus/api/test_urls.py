"""The views behind /nucleus/v1."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from nucleus.api.urls import urlpatterns


@pytest.mark.parametrize("pattern", urlpatterns, ids=lambda pattern: str(pattern.pattern))
def test_a_view_is_found_under_its_name_in_its_module(pattern: Any):
    view = pattern.callback.cls
    assert getattr(sys.modules[view.__module__], view.__qualname__, None) is view


def test_each_path_has_a_view_of_its_own():
    views = [pattern.callback.cls for pattern in urlpatterns]
    assert len(set(views)) == len(views)
