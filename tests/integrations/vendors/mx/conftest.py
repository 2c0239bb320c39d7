"""MX's OpenAPI documents, for the tests that compare the adapter with them."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from integrations.vendors.mx.apis import DIALECTS
from integrations.vendors.mx.dialect import Dialect
from tests.integrations.vendors.mx.openapi_document import Document

# Atrium has no document.
DESCRIBED = {dialect.version: dialect for dialect in DIALECTS.values() if dialect.api == "platform"}


@pytest.fixture(params=DESCRIBED)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each version that MX describes."""
    return DESCRIBED[request.param]


@pytest.fixture
def document(dialect: Dialect) -> Document:
    """What MX says about that version."""
    return document_of(dialect.version)


def document_of(version: str) -> Document:
    """MX's document of a version; the test is skipped without MX_OPENAPI."""
    if not os.environ.get("MX_OPENAPI"):
        pytest.skip("MX_OPENAPI names no directory with MX's OpenAPI documents")
    return _read(Path(os.environ["MX_OPENAPI"]) / f"{version}.yml")


_read = functools.cache(Document)
