"""Environment variables: typed values, and a record of those that cannot be used."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gateway.boot.environment import Environment

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("method", "value", "options"),
    [
        ("int", "-1", {"default": 60, "minimum": 1}),
        ("int", "1.5", {"default": 60}),
        ("int", "abc", {"default": 60}),
        ("int", "9" * 30, {"default": 60}),
        ("float", "nan", {"default": 1.0}),
        ("float", "inf", {"default": 1.0}),
        ("float", "-0.1", {"default": 1.0}),
        ("float", "1,5", {"default": 1.0}),
        ("bool", "maybe", {"default": False}),
        ("choice", "loud", {"default": "INFO", "choices": ("INFO", "ERROR")}),
        ("redis_url", "127.0.0.1:6379", {"default": ""}),
        ("redis_url", "http://127.0.0.1:6379", {"default": ""}),
        ("redis_url", "redis://127.0.0.1:x/0", {"default": ""}),
        ("redis_url", "redis://127.0.0.1/none", {"default": ""}),
        ("redis_url", "amqp://127.0.0.1/none", {"default": ""}),
        ("broker_url", "127.0.0.1:5672", {"default": ""}),
        ("broker_url", "sqs://127.0.0.1", {"default": ""}),
        ("broker_url", "amqp://127.0.0.1:x/gateway", {"default": ""}),
        ("broker_url", "amqp://127.0.0.1:0/gateway", {"default": ""}),
        ("broker_url", "amqp://", {"default": ""}),
        ("broker_url", "amqps://127.0.0.1/gateway?ssl=0", {"default": ""}),
        ("broker_url", "redis://127.0.0.1/none", {"default": "redis://127.0.0.1:6379/0"}),
    ],
)
def test_values_that_cannot_be_used(method: str, value: str, options: dict[str, Any]) -> None:
    env = Environment({"NAME": value})
    assert getattr(env, method)("NAME", **options) == options["default"]
    [variable] = env.invalid_variables
    assert "NAME" in variable.message
    assert variable.hint


@pytest.mark.parametrize(
    "url",
    ["nonsense", "mysql://u@h/n", "postgres://user:hunter2@db:port/n", "postgres://user:hunter2@db",
     "sqlite://", "://", "postgres://[::1/n"],
)  # fmt: skip
def test_unreadable_databases_are_named_without_their_password(url: str) -> None:
    env = Environment({"DATABASE_URL": url})
    assert env.db("DATABASE_URL", default="sqlite:////x")["NAME"] == ":memory:"
    if url != "sqlite://":  # that is the URL of one in memory
        [variable] = env.invalid_variables
        assert "hunter2" not in variable.message


@pytest.mark.parametrize(
    "url",
    ["redis://:p@127.0.0.1:6379/0", "rediss://cache", "amqp://u:p@queue:5672/gateway", "amqps://u:p@queue//"],
)  # fmt: skip
def test_redis_and_rabbitmq_can_be_the_broker(url: str) -> None:
    env = Environment({"BROKER_URL": url})
    assert env.broker_url("BROKER_URL") == url
    assert env.invalid_variables == []


def test_an_unusable_broker_is_named_without_its_password() -> None:
    env = Environment({"BROKER_URL": "amqp://user:hunter2@queue:x/gateway"})
    env.broker_url("BROKER_URL")
    [variable] = env.invalid_variables
    assert "hunter2" not in variable.message + variable.hint


def test_values_are_read_as_they_are_written() -> None:
    env = Environment({"A": " 7 ", "B": "TRUE", "C": "a, b,,", "D": "", "E": "$A", "F": "error"})
    assert env.int("A", default=1) == 7
    assert env.bool("B", default=False) is True
    assert env.list("C") == ["a", "b"]
    assert env.int("D", default=3) == 3
    assert env.str("E") == "$A"
    assert env.choice("F", default="INFO", choices=("INFO", "ERROR")) == "ERROR"
    assert env.invalid_variables == []


def test_a_value_may_be_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(" from-a-file\n")
    (tmp_path / "number").write_text("7\n")
    env = Environment({"NAME_FILE": str(secret), "SIZE_FILE": str(tmp_path / "number")})
    assert env.str("NAME", default="x") == "from-a-file"
    assert env.list("NAME") == ["from-a-file"]
    assert env.int("SIZE", default=1) == 7
    assert env.str("OTHER", default="x") == "x"
    assert not env.invalid_variables


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe", b"x" * 70_000])
def test_a_file_without_a_usable_value(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    env = Environment({"DATABASE_URL_FILE": str(path)})
    assert env.db("DATABASE_URL", default="sqlite:////x")["NAME"] == ":memory:"
    assert env.str("DATABASE_URL") == ""
    [variable] = env.invalid_variables
    assert variable.name == "DATABASE_URL_FILE"
    assert str(path)[:20] in variable.message
    assert "readable file" in variable.hint


def test_a_value_and_a_file_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    env = Environment({"NAME": "hunter1", "NAME_FILE": str(tmp_path / "secret")})
    assert env.str("NAME") == "hunter1"
    [variable] = env.invalid_variables
    assert "NAME_FILE" in variable.message
    assert "hunter" not in variable.message + variable.hint


def test_every_variable_of_the_settings_may_be_in_a_file(tmp_path: Path) -> None:
    """The settings read variables in no other way."""
    source = (ROOT / "gateway" / "settings.py").read_text()
    assert re.findall(r"os\.(?:environ|getenv)\S*", source) == ["os.environ)"]  # a copy
