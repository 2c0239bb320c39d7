"""Answers that MX's OpenAPI documents allow, and worse ones, are taken row by row.

Any field may be null, missing or of another type; fields that no document has come along.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.vendors import errors, records
from integrations.vendors.base import VendorConfig
from integrations.vendors.mx.adapter import MX
from integrations.vendors.mx.dialect import Dialect
from integrations.vendors.transport import VendorRequest, VendorResponse
from nucleus import exact_json
from tests.integrations.vendors.mx.openapi_document import Document, Schema
from tests.integrations.vendors.mx.test_repeats import DAYS, OPERATIONS

# Those that ask for an object of these ids; the answer names them, or nothing would be read.
IDS = {"user_guid": "U", "member_guid": "M", "account_guid": "A"}
OWN = {"user": "U", "member": "M", "account": "A", "transaction": "T"}
LAST_PAGE = {"current_page": 1, "per_page": 100, "total_entries": 3, "total_pages": 1}
UNUSUAL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)
WINDOW = st.dates(DAYS["from_date"], DAYS["to_date"] - timedelta(days=1)).map(str)


def proper(document: Document, schema: Schema, name: str) -> st.SearchStrategy[Any]:
    """Values that the document allows; texts of digits in place of numbers, too."""
    schema = document.resolved(schema)
    examples = [schema["example"]] if "example" in schema else []
    if schema.get("enum"):
        return st.sampled_from([*schema["enum"], "A_NEW_VALUE"])
    match schema.get("type"):
        case "boolean":
            return st.booleans()
        case "integer" | "number":
            numbers = st.decimals(-(10**9), 10**9, places=2, allow_nan=False)
            return st.one_of(numbers.map(float), numbers.map(str), st.integers(-9, 10**9))
        case "array":
            return st.lists(proper(document, schema.get("items", {}), name), max_size=2)
        case "object":
            return objects(document, schema)
    if name == "date":
        return WINDOW
    return st.sampled_from([*map(str, examples), "2026-01-15T10:00:00Z", "words", "12", ""])


def objects(document: Document, schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of the properties, and with one of which the document knows nothing."""
    properties = {
        name: st.one_of(proper(document, inner, name), proper(document, inner, name), UNUSUAL)
        for name, inner in document.properties(schema).items()
    }
    unknown = {"a_field_of_the_future": UNUSUAL}
    return st.fixed_dictionaries({}, optional={**properties, **unknown})


def rows(document: Document, schema: Schema, name: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows of the accounts, members or users that were asked for, each with a guid of its own."""

    def identified(drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
        owners = {key: value for key, value in IDS.items() if key in document.properties(schema)}
        return [
            {**row, **owners, "guid": OWN.get(name, f"X-{number}")}
            for number, row in enumerate(drawn)
        ]

    return st.lists(objects(document, schema), min_size=1, max_size=3).map(identified)


def bodies(document: Document, schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    """Whole answers: an object, or a list that has one page."""
    content: dict[str, st.SearchStrategy[Any]] = {}
    for name, inner in document.properties(schema).items():
        node = document.resolved(inner)
        if name == "pagination":
            content[name] = st.just(LAST_PAGE)
        elif node.get("type") == "array":
            content[name] = rows(document, document.resolved(node["items"]), name)
        else:
            content[name] = rows(document, node, name).map(lambda drawn: drawn[0])
    return st.fixed_dictionaries(content)


def answered(dialect: Dialect, operation: str, body: dict[str, Any]) -> Any:
    """What the adapter makes of an answer to a request of this operation."""

    def send(request: VendorRequest) -> VendorResponse:
        return VendorResponse(200, {}, exact_json.parse(json.dumps(body), strict=False))

    mx = MX(VendorConfig(dialect.api, "http://mx", "id", "key", api_version=dialect.version))
    with mock.patch.object(mx.client.transport, "send", send):
        return OPERATIONS[operation](mx)


def success(dialect: Dialect, document: Document, operation: str) -> Schema | None:
    method, template = dialect.paths[operation]
    path = template.format(
        user="U",
        member="M",
        account="A",
        transaction="T",
        institution="I",
        merchant="C",
        location="L",
    )
    return document.answer_schema(method, path)


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_row_is_taken_or_rejected(
    dialect: Dialect, document: Document, operation: str, data: st.DataObject
):
    if operation not in dialect.paths:
        pytest.skip("not an operation of this API")
    schema = success(dialect, document, operation)
    if schema is None:
        pytest.skip("a deletion")
    body = data.draw(bodies(document, schema))
    if operation == "read_transaction":  # the documents name a list, MX sends the transaction
        body = {"transaction": body["transactions"][0]}
    drawn = next((value for value in body.values() if isinstance(value, list)), None)
    try:
        result = answered(dialect, operation, body)
    except (errors.VendorBadResponse, errors.VendorNotFound):
        # The one object that the call is about is not usable, or a row is of another day.
        assert drawn is None or operation == "list_transactions"
        return
    for batch in result if isinstance(result, list) else [result]:
        if isinstance(batch, records.Batch):
            assert len(batch.records) + len(batch.rejected) == len(drawn or ())
