"""openapi.yaml validates, and says everything. That the API keeps to it: `make test-contract`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate

TYPED = {"type", "$ref", "allOf", "oneOf", "anyOf"}
ROOT = Path(__file__).resolve().parents[3]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C takes a tenth of the time
DOCUMENT = yaml.load((ROOT / "openapi.yaml").read_text(), LOADER)  # noqa: S506 - both are safe


def test_it_validates():
    validate(DOCUMENT)


def test_every_operation_is_described():
    for location, operation in operations():
        assert operation["summary"], location
        assert operation["description"], location
        assert operation["operationId"], location
        assert "401" in operation["responses"], location
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content["examples"], location


def test_examples_match_their_schemas():
    """A body that the API takes, an answer that it gives."""
    count, components = 0, DOCUMENT["components"]
    for location, operation in operations():
        parts = [operation.get("requestBody", {}), *operation["responses"].values()]
        contents = [media_type for part in parts for media_type in part.get("content", {}).values()]
        for content in [*contents, *operation.get("parameters", ())]:
            schema = {**content["schema"], "components": components}
            for example in content.get("examples", {}).values():
                count += 1
                errors = [
                    error.message for error in OAS30Validator(schema).iter_errors(example["value"])
                ]
                assert errors == [], location
    assert count > 100


def test_everything_has_a_type():
    """A schema without one is "any" to generated clients."""
    untyped = [location for location, schema in schemas() if not TYPED & schema.keys()]
    assert untyped == []


def test_nullable_has_a_meaning():
    """OpenAPI 3.0.3 gives it none without a type in the same schema."""
    assert [
        location for location, schema in schemas() if "nullable" in schema and "type" not in schema
    ] == []


def test_structured_fields_say_what_is_in_them():
    """Hydrogen's types of what we keep as JSON."""
    client = DOCUMENT["components"]["schemas"]["NucleusClient"]["properties"]
    business = DOCUMENT["components"]["schemas"]["Business"]["properties"]
    for properties, name in ((client, "address"), (business, "address"), (business, "ownership")):
        component = {"address": "Address", "ownership": "Ownership"}[name]
        assert properties[name]["items"] == {"$ref": f"#/components/schemas/{component}"}
    assert {"$ref": "#/components/schemas/Employment"} in client["employment"]["oneOf"]
    for name in ("authorities", "group", "country_of_citizenship"):
        assert client[name]["items"]["type"] == "string"
    bags = [schema for location, schema in schemas() if location.endswith(".metadata")]
    assert len(bags) > 10
    for bag in bags:
        assert bag["type"] == "object"
        assert bag["additionalProperties"]["type"] == "string"


def test_fields_that_new_records_need_are_required_there_only():
    components = DOCUMENT["components"]["schemas"]
    for name in ("WebhookBody", "NucleusWebhookBody"):
        assert components[name]["required"] == ["url"]
        assert "required" not in components[f"Patched{name}"]
    assert "currency_code" not in components["AggregationAccountHoldingBody"]["required"]


def test_a_delete_that_needs_a_body_describes_it():
    delete = DOCUMENT["paths"]["/nucleus/v1/bulk/{entity_uri}"]["delete"]
    assert delete["requestBody"]["required"] is True
    with_body = {
        location
        for location, operation in operations()
        if location.startswith("delete") and "requestBody" in operation
    }
    assert with_body == {"delete /nucleus/v1/bulk/{entity_uri}"}


def test_security():
    """A bearer token, or the flow that gets one; Basic for token calls."""
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    for flow in schemes["oauth2"]["flows"].values():
        assert flow["tokenUrl"] in DOCUMENT["paths"]
        assert {"create", "read", "update", "delete", "account_numbers"} == flow["scopes"].keys()
    needed = {"get": "read", "post": "create", "put": "update", "delete": "delete"}
    for location, operation in operations():
        method, path = location.split()
        if path.startswith("/authorization/"):
            assert operation["security"] == [{"basic": []}]
        else:
            assert operation["security"] == [{"bearer": []}, {"oauth2": [needed[method]]}]


def test_no_example_of_an_idempotency_key():
    """Tools would send the same one with every request."""
    keys = [
        parameter
        for _, operation in operations()
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "Idempotency-Key"
    ]
    assert len(keys) > 10
    for key in keys:
        assert not {"example", "examples"} & key.keys()
        assert not {"example", "default"} & key["schema"].keys()


def schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of the document, at any depth, with the words for a failure."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        yield from _within(name, schema)
    for location, operation in operations():
        for parameter in operation.get("parameters", ()):
            yield from _within(f"{location} {parameter['name']}", parameter["schema"])
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            for content in body.get("content", {}).values():
                yield from _within(location, content["schema"])


def _within(location: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield location, schema
    for name, subschema in schema.get("properties", {}).items():
        yield from _within(f"{location}.{name}", subschema)
    for name in ("items", "additionalProperties"):
        # `{}` is how a free object is written: members of any type.
        if schema.get(name) and isinstance(schema[name], dict):
            yield from _within(f"{location}.{name}", schema[name])
    for name in ("allOf", "oneOf", "anyOf"):
        for subschema in schema.get(name, ()):
            yield from _within(location, subschema)


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with the words for a failure."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation
