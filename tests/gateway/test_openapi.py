"""openapi.yaml validates, and says everything. That the API keeps to it: `make test-contract`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = yaml.safe_load((ROOT / "openapi.yaml").read_text())


def test_it_validates():
    validate(DOCUMENT)


def test_every_operation_is_described():
    for where, operation in operations():
        assert operation["summary"], where
        assert operation["description"], where
        assert operation["operationId"], where
        assert "401" in operation["responses"], where
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content["examples"], where


def test_examples_are_what_they_are_examples_of():
    """A body that the API takes, an answer that it gives."""
    found, components = 0, nullable(DOCUMENT["components"])
    for where, operation in operations():
        parts = [operation.get("requestBody", {}), *operation["responses"].values()]
        contents = [one for part in parts for one in part.get("content", {}).values()]
        for content in [*contents, *operation.get("parameters", ())]:
            schema = {**nullable(content["schema"]), "components": components}
            for example in content.get("examples", {}).values():
                found += 1
                errors = [
                    one.message for one in OAS30Validator(schema).iter_errors(example["value"])
                ]
                assert errors == [], where
    assert found > 100


def nullable(schema: Any) -> Any:
    """`schema` with the usual meaning of a nullable reference; OpenAPI 3.0 has no words for it."""
    if isinstance(schema, list):
        return [nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("nullable") and "allOf" in schema:
        return {"anyOf": [*schema["allOf"], {"enum": [None], "nullable": True}]}
    return {name: nullable(one) for name, one in schema.items()}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with the words for a failure."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation
