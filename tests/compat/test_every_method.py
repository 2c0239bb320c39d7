"""Every method of both of Hydrogen's SDKs is called and goes well, or is out of scope.

`sdk_methods.csv` says which, and in which file; `conftest.py` listens to the calls and fails a
file that does not call what the table says of it. These tests hold the table to the SDKs and to our
URLs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.urls import Resolver404, resolve

from tests.compat import sdk_methods
from tests.compat.sdk_methods import Method


def served(method: Method) -> bool:
    """Whether there is a view for the method's request."""
    verb, path = method.request.split(" ")
    prefix = "/integration/v1" if method.sdk == "integration_api" else ""
    existing = {"{integration_type}": "aggregation", "{service}": "account"}
    path = re.sub(r"{\w+}", lambda name: existing.get(name[0], str(uuid4())), prefix + path)
    try:
        view: Any = resolve(path).func
    except Resolver404:
        return False
    return hasattr(view.cls, verb.lower())


def test_the_table_names_every_method_and_no_other():
    names = [row.method for row in sdk_methods.table()]
    assert len(names) == len(set(names))
    assert set(names) == {method for _, method in sdk_methods.offered()}


def test_in_scope_is_what_we_serve():
    wrong = [
        row
        for row in sdk_methods.table()
        if row.method.request and served(row.method) != (row.scope != sdk_methods.OUT)
    ]
    assert wrong == []


def test_whatever_is_in_scope_is_called_in_a_file_that_is_there():
    for row in sdk_methods.table():
        if row.scope == sdk_methods.OUT:
            assert row.method.request
            assert row.called_in == ""
        else:
            assert row.scope in {"in scope", sdk_methods.REFUSED}
            assert Path(__file__).with_name(row.called_in or "nowhere").is_file(), row
