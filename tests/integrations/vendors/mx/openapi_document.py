"""What an OpenAPI 3.0 document says about requests and answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml
from openapi_schema_validator import OAS30Validator

Schema = dict[str, Any]
# Sent by every client; the document has authentication and media types elsewhere.
GENERAL_HEADERS = {
    "accept", "accept-encoding", "authorization", "connection", "content-length", "content-type",
    "host", "user-agent",
}  # fmt: skip
# Forms that only the descriptions of parameters name.
FORMS = {
    "unix timestamp format": r"\d{1,10}",
    "ISO 8601 format without timestamp": r"\d{4}-\d\d-\d\d",
}


@dataclass(frozen=True)
class Request:
    """A request as it arrived; names of headers in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @classmethod
    def parse(cls, raw: bytes) -> Request:
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, target, _ = first.split(" ")
        headers = (line.split(":", 1) for line in lines)
        return cls(method, target, {name.lower(): value.strip() for name, value in headers}, body)


class Document:
    """An OpenAPI document whose references are resolved on demand."""

    def __init__(self, path: Path) -> None:
        # The C loader is ten times as fast where it exists.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.content: Schema = yaml.load(path.read_text(), loader)  # noqa: S506

    def resolved(self, node: Any) -> Any:
        """The node itself, or what it refers to."""
        while isinstance(node, dict) and "$ref" in node:
            target: Any = self.content
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    @cached_property
    def _templates(self) -> list[tuple[re.Pattern[str], str]]:
        """Paths, those with the fewest placeholders first."""
        ordered = sorted(self.content["paths"], key=lambda path: path.count("{"))
        return [
            (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path) for path in ordered
        ]

    def operation(self, method: str, path: str) -> Schema | None:
        """The operation that a request means, with the parameters of its path."""
        for pattern, template in self._templates:
            item = self.content["paths"][template]
            if pattern.fullmatch(path) and method.lower() in item:
                operation: Schema = item[method.lower()]
                own = [*item.get("parameters", []), *operation.get("parameters", [])]
                return {**operation, "parameters": [self.resolved(parameter) for parameter in own]}
        return None

    def answer_schema(self, method: str, path: str) -> Schema | None:
        """The schema of the body of a success; None without one."""
        operation = self.operation(method, path)
        assert operation is not None, (method, path)
        for status, response in operation["responses"].items():
            for media in self.resolved(response).get("content", {}).values():
                if str(status).startswith("2"):
                    schema: Schema = self.resolved(media["schema"])
                    return schema
        return None

    def answer_problems(self, method: str, path: str, status: int, body: Any) -> Iterator[str]:
        """What of an answer the document does not have."""
        operation = self.operation(method, path)
        assert operation is not None, (method, path)
        if str(status) not in map(str, operation["responses"]):
            yield f"status {status}: none of {list(operation['responses'])}"
        schema = self.answer_schema(method, path)
        if schema is None:
            if body is not None:
                yield "body: not in the document"
            return
        yield from (f"body: {text}" for text in self._schema_problems(schema, body))
        yield from (f"body: {name}: not in the document" for name in self._undeclared(schema, body))

    def problems(self, request: Request) -> Iterator[str]:
        """What of a request the document does not allow."""
        target = urlsplit(request.target)
        operation = self.operation(request.method, target.path)
        if operation is None:
            yield "there is no such method and path"
            return
        yield from self._query_problems(operation, parse_qs(target.query, keep_blank_values=True))
        yield from self._header_problems(operation, request.headers)
        yield from self._body_problems(operation, request)

    def _query_problems(self, operation: Schema, query: dict[str, list[str]]) -> Iterator[str]:
        parameters = {p["name"]: p for p in operation["parameters"] if p["in"] == "query"}
        for name, parameter in parameters.items():
            if parameter.get("required") and name not in query:
                yield f"query {name}: required"
        for name, values in query.items():
            if name not in parameters:
                yield f"query {name}: not in the document"
                continue
            schema = self.resolved(parameters[name]["schema"])
            value: Any = values if schema.get("type") == "array" else values[0]
            if schema.get("type") in ("integer", "number", "boolean"):
                value = _parsed(values[0])
            if schema.get("type") != "array" and len(values) > 1:
                yield f"query {name}: more than once"
            yield from (f"query {name}: {text}" for text in self._schema_problems(schema, value))
            for form, pattern in FORMS.items():
                described = f"only supports {form}" in parameters[name].get("description", "")
                if described and not re.fullmatch(pattern, values[0]):
                    yield f"query {name}: {values[0]} has another form than {form}"

    def _header_problems(self, operation: Schema, headers: Mapping[str, str]) -> Iterator[str]:
        parameters = {
            parameter["name"].lower(): parameter
            for parameter in operation["parameters"]
            if parameter["in"] == "header"
        }
        for name, parameter in parameters.items():
            if parameter.get("required") and name not in headers:
                yield f"header {name}: required"
        for name in headers:
            if name not in parameters and name not in GENERAL_HEADERS:
                yield f"header {name}: not in the document"
        security = operation.get("security", self.content["security"])
        is_basic = headers.get("authorization", "").startswith("Basic ")
        if {"basicAuth": []} in security and not is_basic:
            yield "header authorization: not Basic"
        types = {
            media
            for response in operation["responses"].values()
            for media in self.resolved(response).get("content", {})
        }
        if types and headers.get("accept") not in types:
            yield f"header accept: {headers.get('accept')} is none of {sorted(types)}"

    def _body_problems(self, operation: Schema, request: Request) -> Iterator[str]:
        declared = self.resolved(operation.get("requestBody"))
        if not request.body:
            if declared and declared.get("required"):
                yield "body: required"
            return
        if not declared:
            yield "body: not in the document"
            return
        media = request.headers.get("content-type", "")
        if media not in declared["content"]:
            yield f"body: {media} is none of {sorted(declared['content'])}"
            return
        schema = self.resolved(declared["content"][media]["schema"])
        body = json.loads(request.body)
        yield from (f"body: {text}" for text in self._schema_problems(schema, body))
        yield from (f"body: {name}: not in the document" for name in self._undeclared(schema, body))

    def _schema_problems(self, schema: Schema, value: Any) -> Iterator[str]:
        root = {**schema, "components": self.content["components"]}
        for error in OAS30Validator(root).iter_errors(value):
            yield f"{'.'.join(map(str, error.path))} {error.message}"

    def properties(self, schema: Schema) -> dict[str, Schema]:
        """Those of an object, and of what it consists of."""
        schema = self.resolved(schema)
        own: dict[str, Schema] = dict(schema.get("properties", {}))
        for part in schema.get("allOf", []):
            own |= self.properties(part)
        return own

    def _undeclared(self, schema: Schema, value: Any, prefix: str = "") -> Iterator[str]:
        """Names of a value that its schema does not have."""
        schema = self.resolved(schema)
        if isinstance(value, dict):
            properties = self.properties(schema)
            for name, inner in value.items():
                if name not in properties:
                    yield prefix + name
                else:
                    yield from self._undeclared(properties[name], inner, f"{prefix}{name}.")
        elif isinstance(value, list):
            for inner in value:
                yield from self._undeclared(schema.get("items", {}), inner, prefix)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
