"""Settings that are unsafe or impossible are named, each with its fix."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management.base import CommandError
from pytest_django.fixtures import Settings

from devtools.management.commands import up
from gateway.boot import checks, key_strength

pytestmark = pytest.mark.embedded  # settings are the same for every database
ROOT = Path(__file__).resolve().parents[3]
KEY = Fernet.generate_key().decode()
SAFE = {
    "READ_DOT_ENV": "false",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "FIELD_ENCRYPTION_KEYS": KEY,
    "ALLOWED_HOSTS": "gateway.bank.example",
    "PUBLIC_URL": "https://gateway.bank.example",
    "DJANGO_SETTINGS_MODULE": "gateway.settings",
}
POSTGRES = {"DATABASE_URL": "postgres://gateway@127.0.0.1:1/gateway"}


# Starting takes two seconds, so commands with the same settings share a process.
COMMANDS = """
import contextlib, io, json, sys
from django.core.management import execute_from_command_line
results = []
for command in sys.argv[1:]:
    with io.StringIO() as text, contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        try:
            status = execute_from_command_line(["manage.py", *command.split()]) or 0
        except SystemExit as end:
            status = end.code
        results.append([status, text.getvalue()])
print(json.dumps(results))
"""


def manage(*arguments: str, **changes: str) -> tuple[int, str]:
    result = python("manage.py", *arguments, **changes)
    return result.returncode, result.stdout + result.stderr


def manage_each(*commands: str, **changes: str) -> list[tuple[int, str]]:
    """Exit status and output of several commands with the same settings."""
    result = python("-c", COMMANDS, *commands, **changes)
    assert result.returncode == 0, result.stderr
    return [(status, text) for status, text in json.loads(result.stdout)]


def python(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=keep | SAFE | changes,
        capture_output=True,
        text=True,
        check=False,
    )


def ids() -> list[str | None]:
    return [error.id for error in checks.settings_errors()]


def test_safe_settings_pass(production: Settings) -> None:
    assert ids() == []
    status, text = manage("check", "--deploy", "--fail-level", "INFO", **POSTGRES)
    assert status == 0, text
    assert "no issues" in text


def test_commands_name_every_problem_at_once(subtests: pytest.Subtests) -> None:
    commands = ("check", "check --deploy", "doctor")
    results = manage_each(
        *commands,
        SECRET_KEY="",
        FIELD_ENCRYPTION_KEYS="abc",
        ALLOWED_HOSTS="*",
        PUBLIC_URL="http://gateway.bank.example",
        VENDOR_ALLOWED_HOSTS="127.0.0.2",
        CORS_ALLOWED_ORIGINS="*",
        JOB_LEASE_SECONDS="0",
        LOG_FORMAT="xml",
        DATABASE_URL="nonsense",
    )
    for command, (status, text) in zip(commands, results, strict=True):
        with subtests.test(command=command):
            assert status == 1
            assert "Traceback" not in text
            for message in (
                "gateway.E001) SECRET_KEY is not set",
                "gateway.E007) Key 1 of FIELD_ENCRYPTION_KEYS",
                "gateway.E002) '*' in ALLOWED_HOSTS",
                "gateway.E004) PUBLIC_URL",
                "gateway.E003) '127.0.0.2' in VENDOR_ALLOWED_HOSTS",
                "gateway.E010) '*' in CORS_ALLOWED_ORIGINS",
                "gateway.E009) JOB_LEASE_SECONDS ('0')",
                "gateway.E009) LOG_FORMAT ('xml')",
                "gateway.E009) DATABASE_URL",
            ):
                assert message in text


def test_development_mode_is_named_by_check_and_doctor() -> None:
    database = {"DATABASE_URL": "sqlite://:memory:"}
    check, doctor = manage_each("check --deploy", "doctor", DEBUG="true", **database)
    assert "gateway.W002" in check[1]
    assert "WARN Development mode" in doctor[1]
    assert "Development mode" not in manage("check", "--deploy")[1]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "x",
        "s" * 60,
        "abcdefghijkl" * 5,
        "django-insecure-" + secrets.token_urlsafe(50),
        "for-tests-only-" + secrets.token_urlsafe(50),
        "# 50 random characters or more, please, of any kind",
        secrets.token_urlsafe(50)[:49],
        "abcdefghijklmnop" * 3 + "abcdef",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "zyxwvutsrqponmlkjihgfedcba9876543210ZYXWVUTSRQPONMLKJI",
    ],
    ids=[
        "empty",
        "letter",
        "same",
        "repeated",
        "django",
        "tests",
        "advice",
        "short",
        "cut short",
        "alphabets",
        "backwards",
    ],
)
def test_weak_secret_keys(production: Settings, key: str) -> None:
    production.SECRET_KEY = key
    assert ids() == ["gateway.E001"]


def test_random_secrets_have_no_pattern() -> None:
    for _ in range(1000):
        for secret in (secrets.token_urlsafe(50), secrets.token_bytes(32), secrets.token_hex(8)):
            assert not key_strength.is_patterned(secret)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", []),
        ("x", ["gateway.E011"]),
        ("a3-9Kd_02xLq7Zv", ["gateway.E011"]),
        ("x" * 40, ["gateway.E011"]),
        ("0123456789abcdef", ["gateway.E011"]),
        ("secretsecretsecret", ["gateway.E011"]),
        ("a3-9Kd_02xLq7ZvP", []),
    ],
)
def test_metrics_tokens(production: Settings, token: str, expected: list[str]) -> None:
    production.METRICS_TOKEN = token
    assert ids() == expected
    production.DEVELOPMENT = True
    assert ids() == []


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


@pytest.mark.parametrize(
    ("keys", "number"),
    [
        ([], "gateway.E007"),
        (["abc"], "gateway.E007"),
        ([KEY, KEY[:-4]], "gateway.E007"),
        (["schlüssel"], "gateway.E007"),
        ([encoded(secrets.token_bytes(31))], "gateway.E007"),
        ([KEY, KEY], "gateway.E008"),
        (["Zm9yLXRlc3RzLW9ubHktZm9yLXRlc3RzLW9ubHktMTI="], "gateway.E008"),  # tests/settings.py
        ([encoded(bytes(32))], "gateway.E008"),
        ([encoded(bytes(range(16)) * 2)], "gateway.E008"),
        ([encoded(bytes(range(32)))], "gateway.E008"),
        ([encoded(bytes(range(255, 223, -1)))], "gateway.E008"),
        ([encoded(bytes(7 * number % 256 for number in range(32)))], "gateway.E008"),
        ([encoded((bytes(range(200, 215)) * 3)[:32])], "gateway.E008"),
        ([encoded(b"\xff" + bytes(range(30)) + b"\xee")], "gateway.E008"),
    ],
)
def test_unusable_and_weak_field_keys(production: Settings, keys: list[str], number: str) -> None:
    production.FIELD_ENCRYPTION_KEYS = keys
    assert ids() == [number]


PRODUCTION_VARIABLES = [
    {"PUBLIC_URL": "https://gateway.bank.example"},
    {"ALLOWED_HOSTS": "gateway.bank.example"},
    {"DATABASE_URL": "postgres://gateway@db/gateway"},
    {"SECRET_KEY": SAFE["SECRET_KEY"]},
    {"FIELD_ENCRYPTION_KEYS": KEY},
    {"BEHIND_TLS_PROXY": "true"},
]


@pytest.mark.parametrize("variables", PRODUCTION_VARIABLES)
def test_development_from_dot_env_under_production_variables(
    settings: Settings, variables: dict[str, str]
) -> None:
    settings.PROCESS_ENVIRONMENT = variables
    [error] = checks.settings_errors()
    assert error.id == "gateway.E006"
    assert next(iter(variables)) in error.msg
    assert error.hint is not None
    for message in ("delete .env", "READ_DOT_ENV=false", "DEBUG=true"):
        assert message in error.hint


def test_make_run_takes_a_database_server_and_nothing_else_of_production(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEBUG")
    settings.PROCESS_ENVIRONMENT = {"DATABASE_URL": "postgres://gateway@db/gateway"}
    up.refuse_production()
    assert os.environ["DEBUG"] == "true"  # its processes see that it is meant
    settings.PROCESS_ENVIRONMENT |= {"PUBLIC_URL": "https://gateway.bank.example"}
    with pytest.raises(CommandError, match="PUBLIC_URL"):
        up.refuse_production()
    settings.PROCESS_ENVIRONMENT |= {"DEBUG": "true"}
    up.refuse_production()
    settings.FIELD_ENCRYPTION_KEYS = ["abc"]  # impossible in development, too
    with pytest.raises(SystemExit):
        up.refuse_production()


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"PORT": "9000", "PUBLIC_URL": "http://127.0.0.1:9000"},
        {"DEBUG": "true", "DATABASE_URL": "postgres://gateway@db/gateway"},
        {"DEBUG": "true", "PUBLIC_URL": "https://tunnel.example", "ALLOWED_HOSTS": "x.example"},
    ],
)
def test_development_mode_may_be_chosen_explicitly(
    settings: Settings, variables: dict[str, str]
) -> None:
    settings.PROCESS_ENVIRONMENT = variables
    assert ids() == []
