"""Settings that are unsafe or impossible are named, each with its fix."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management.base import CommandError
from pytest_django.fixtures import Settings

from gateway import checks, host_names
from gateway.management.commands import up

pytestmark = pytest.mark.embedded  # settings are the same for every database
ROOT = Path(__file__).resolve().parents[2]
KEY = Fernet.generate_key().decode()
SAFE = {
    "READ_DOT_ENV": "false",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "FIELD_ENCRYPTION_KEYS": KEY,
    "ALLOWED_HOSTS": "gateway.bank.example",
    "PUBLIC_URL": "https://gateway.bank.example",
    "DJANGO_SETTINGS_MODULE": "gateway.settings",
}


def manage(*arguments: str, **changes: str) -> tuple[int, str]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    result = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=keep | SAFE | changes,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


@pytest.fixture
def production(settings: Settings) -> Settings:
    """Safe settings of production, for a test to spoil."""
    settings.DEVELOPMENT = False
    settings.SECRET_KEY = SAFE["SECRET_KEY"]
    settings.FIELD_ENCRYPTION_KEYS = [KEY]
    settings.ALLOWED_HOSTS = ["gateway.bank.example"]
    settings.PUBLIC_URL = "https://gateway.bank.example"
    settings.VENDOR_ALLOWED_HOSTS = []
    settings.CORS_ALLOWED_ORIGINS = []
    return settings


def ids() -> list[str | None]:
    return [one.id for one in checks.settings_errors()]


def test_safe_settings_pass(production: Settings) -> None:
    assert ids() == []
    status, text = manage("check", "--deploy")
    assert status == 0, text


@pytest.mark.parametrize("command", ["check", "check --deploy", "doctor"])
def test_commands_name_every_problem_at_once(command: str) -> None:
    status, text = manage(
        *command.split(),
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
    assert status == 1
    assert "Traceback" not in text
    for words in (
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
        assert words in text


def test_development_mode_is_named_by_check_and_doctor() -> None:
    assert "gateway.W002" in manage("check", "--deploy", DEBUG="true")[1]
    database = {"DATABASE_URL": "sqlite://:memory:"}
    assert "WARN Development mode" in manage("doctor", DEBUG="true", **database)[1]
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
    ],
    ids=["empty", "letter", "same", "repeated", "django", "tests", "advice", "short"],
)
def test_weak_secret_keys(production: Settings, key: str) -> None:
    production.SECRET_KEY = key
    assert ids() == ["gateway.E001"]


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
    ],
)
def test_unusable_and_weak_field_keys(production: Settings, keys: list[str], number: str) -> None:
    production.FIELD_ENCRYPTION_KEYS = keys
    assert ids() == [number]


@pytest.mark.parametrize(
    "host",
    ["*", ".", "*.", "*.bank.example", ".com", "**", "https://gateway.bank.example",
     "gateway.bank.example:8000", "gateway.bank.example/x", "-bank"],
)  # fmt: skip
def test_allowed_hosts_that_admit_everybody_or_nobody(production: Settings, host: str) -> None:
    production.ALLOWED_HOSTS = ["gateway.bank.example", host]
    assert ids() == ["gateway.E002"]


def test_allowed_hosts_have_to_be_given_and_may_have_subdomains(
    production: Settings,
) -> None:
    production.ALLOWED_HOSTS = []
    assert ids() == ["gateway.E002"]
    production.ALLOWED_HOSTS = [".bank.example", "10.0.0.1", "[2001:db8::1]", "GATEWAY.example"]
    assert ids() == []


THIS_MACHINE = [
    "localhost", "LOCALHOST", "localhost.", "localhost:8001", "a.localhost",
    "localhost.localdomain",
    "ip6-localhost", "127.0.0.1", "127.0.0.1.", "127.0.0.2", "127.0.0.1:8001", "127.1", "127.0.1",
    "2130706433", "0x7f000001", "0x7F.1", "0177.0.0.1", "017700000001", "0",
    "0.0.0.0", "[::1]",  # noqa: S104
    "::1", "[::1]:8001", "0:0:0:0:0:0:0:1", "::", "[::]", "::ffff:127.0.0.1",
    "[::ffff:127.0.0.1]:80", "::ffff:7f00:1", "127\u30020\u30020\u30021",
    "127\uff0e0\uff0e0\uff0e1",
    "\uff4c\uff4fcalhost", "\u2460\u2461\u2466.0.0.1", "http://127.0.0.1", "user@localhost",
]  # fmt: skip
NOT_PUBLIC = [
    "169.254.169.254", "fe80::1%eth0", "10.1.2.3", "192.168.0.1", "172.16.0.1", "100.64.0.1",
    "fd00::1", "224.0.0.1", "255.255.255.255", "metadata.google.internal", "host.docker.internal",
    "0xa9fea9fe", "::ffff:10.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", THIS_MACHINE + NOT_PUBLIC)
def test_vendors_are_not_on_this_machine_or_network(production: Settings, host: str) -> None:
    production.VENDOR_ALLOWED_HOSTS = ["atrium.vendor.example", host]
    assert ids() == ["gateway.E003"]


@pytest.mark.parametrize(
    "host", ["*", "*.vendor.example", "https://vendor.example", "a:443", "a b"]
)
def test_vendor_hosts_are_names(production: Settings, host: str) -> None:
    production.VENDOR_ALLOWED_HOSTS = [host]
    assert ids() == ["gateway.E003"]


def test_this_machine_is_known_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_names.socket, "gethostname", lambda: "Box.bank.example")
    assert host_names.is_not_public("box.bank.example")
    assert not host_names.is_not_public("api.vendor.example")


def test_a_server_may_have_the_public_name_of_the_gateway(
    production: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_names.socket, "gethostname", lambda: "gateway.bank.example")
    production.PUBLIC_URL = "https://gateway.bank.example"
    assert ids() == []


@pytest.mark.parametrize(
    "url",
    ["", "http://gateway.bank.example", "gateway.bank.example", "https://", "https://[::1",
     "https://x:99999", "https://user@gateway.bank.example", "https://gateway.bank.example/?a=b",
     "https://localhost", "https://127.0.0.1:8443", "https://[::1]", "https://0x7f.1",
     "https://gateway.bank.example/", "https://gateway.bank.example//",
     "https://gateway.bank.example/path", "https://gateway.bank.example/ x",
     "https://gateway.bank.example\n", "https://gateway.bank.example\\evil",
     'https://"><script>', "https://gateway.bank.example:0", "https://gateway.bank.example?",
     "https://10.0.0.5", "https://169.254.169.254", "https://[fd00::1]", "https://[gateway]",
     "https://metadata.google.internal"],
)  # fmt: skip
@pytest.mark.parametrize("allowed", [[], ["hosts.bank.example"]])
def test_public_url(production: Settings, url: str, allowed: list[str]) -> None:
    production.PUBLIC_URL = url
    production.ALLOWED_HOSTS += allowed
    assert ids() == ["gateway.E004"]


@pytest.mark.parametrize(
    ("url", "allowed", "expected"),
    [
        ("https://gateway.bank.example", "other.bank.example", ["gateway.E004"]),
        ("https://bank.example.org", ".bank.example", ["gateway.E004"]),
        ("https://gateway.bank.example:8443", ".bank.example", []),
        ("HTTPS://GATEWAY.bank.example", "gateway.BANK.example", []),
        ("https://[2606:4700::1111]", "[2606:4700::1111]", []),
    ],
)
def test_the_host_of_the_public_url_is_allowed(
    production: Settings, url: str, allowed: str, expected: list[str]
) -> None:
    production.PUBLIC_URL = url
    production.ALLOWED_HOSTS = [allowed]
    assert ids() == expected


def test_a_slash_at_the_end_of_the_public_url_is_dropped() -> None:
    variables = {"PUBLIC_URL": "https://gateway.bank.example/"}
    assert manage("check", "--deploy", **variables)[0] == 0
    shown = manage("diffsettings", **variables)[1]
    assert "PUBLIC_URL = 'https://gateway.bank.example'" in shown


@pytest.mark.parametrize("command", ["check", "doctor"])
def test_callers_behind_a_proxy_are_told_apart(command: str) -> None:
    variables = {"BEHIND_TLS_PROXY": "true", "DATABASE_URL": "sqlite://:memory:"}
    text = manage(command, **variables)[1]
    assert "gateway.W003" in text
    assert "FIX  gateway.W" not in text  # it works, so it is no failure
    for changes in ({"TRUSTED_PROXY_COUNT": "1"}, {"BEHIND_TLS_PROXY": "false"}):
        assert "gateway.W003" not in manage(command, **variables | changes)[1]


@pytest.mark.parametrize(
    "origin",
    ["*", "app.bank.example", "null", "https://*.bank.example", "https://app.bank.example/path",
     "ftp://app.bank.example", "https://", "https://app.bank.example:x"],
)  # fmt: skip
def test_origins(production: Settings, origin: str) -> None:
    production.CORS_ALLOWED_ORIGINS = ["https://app.bank.example", origin]
    assert ids() == ["gateway.E010"]


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
    for words in ("delete .env", "READ_DOT_ENV=false", "DEBUG=true"):
        assert words in error.hint


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
def test_development_that_is_meant(settings: Settings, variables: dict[str, str]) -> None:
    settings.PROCESS_ENVIRONMENT = variables
    assert ids() == []
