"""Typed access to environment variables; invalid values are recorded instead of raised.

The settings module must load even with invalid values, so that the boot checks can report all of
them at once.
"""

from __future__ import annotations

import builtins
import math
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from environ import Env

from integrations.jobs import broker_urls

TRUE = {"1", "true", "yes", "on", "y", "t"}
FALSE = {"0", "false", "no", "off", "n", "f"}
DATABASE_SCHEMES = {"sqlite", "postgres", "postgresql"}
# Used if DATABASE_URL is invalid, so that the process cannot damage anything.
FALLBACK_DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
MAX_SHOWN_LENGTH = 40
MAX_FILE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class InvalidVariable:
    """A variable with an invalid value. `hint` says how to correct it."""

    name: str
    message: str
    hint: str


@dataclass(slots=True)
class Environment:
    """Values by name. An empty variable is treated as not set.

    Each may be in a file instead, whose path is in the variable with `_FILE` behind its name, as
    container engines hand secrets over.
    """

    values: Mapping[str, str] = field(default_factory=lambda: os.environ)
    invalid_variables: list[InvalidVariable] = field(default_factory=list)
    _file_contents: dict[str, str] = field(default_factory=dict)

    def str(self, name: str, *, default: str = "") -> str:
        value = self.values.get(name, "").strip()
        if path := self.values.get(f"{name}_FILE", "").strip():
            if name not in self._file_contents:
                self._file_contents[name] = value or self._read(name, path)
                if value:
                    self._record(name, f"and {name}_FILE are both set", "Set one of them.")
            value = self._file_contents[name]
        return value or default

    def _read(self, name: builtins.str, path: builtins.str) -> builtins.str:
        """The content of the file, never shown; "" with a record if it cannot be used."""
        try:
            with Path(path).open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
            text = content.decode().strip()
        except (OSError, ValueError) as error:  # a path may hold a NUL, a file anything
            reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
            problem = f"names a file that cannot be read ({reason})"
        else:
            if text and len(content) <= MAX_FILE_BYTES:
                return text
            problem = "names a file that is too large" if text else "names an empty file"
        hint = f"Name a readable file that holds the value of {name} alone."
        self._record(f"{name}_FILE", problem, hint, path)
        return ""

    def list(self, name: builtins.str, *, default: Collection[builtins.str] = ()) -> Any:
        """The items of a comma-separated list of strings."""
        items = [item.strip() for item in self.str(name).split(",")]
        return [item for item in items if item] or [*default]

    def bool(self, name: builtins.str, *, default: builtins.bool) -> builtins.bool:
        value = self.str(name).lower()
        if not value:
            return default
        if value not in TRUE | FALSE:
            self._record(name, "is neither true nor false", "Use true or false.", value)
            return default
        return value in TRUE

    def choice(
        self, name: builtins.str, *, default: builtins.str, choices: Collection[builtins.str]
    ) -> builtins.str:
        """One of `choices`, compared without case."""
        value = self.str(name, default=default)
        for choice in choices:
            if choice.lower() == value.lower():
                return choice
        self._record(name, "is not one of the choices", f"Use one of {', '.join(choices)}.", value)
        return default

    def int(
        self,
        name: builtins.str,
        *,
        default: builtins.int,
        minimum: builtins.int = 0,
        maximum: builtins.int = 10**9,
    ) -> builtins.int:
        return builtins.int(self._number(name, builtins.int, default, minimum, maximum))

    def float(
        self,
        name: builtins.str,
        *,
        default: builtins.float,
        minimum: builtins.float = 0,
        maximum: builtins.float = 10**9,
    ) -> builtins.float:
        return builtins.float(self._number(name, builtins.float, default, minimum, maximum))

    def _number(
        self, name: builtins.str, number_type: Any, default: Any, minimum: Any, maximum: Any
    ) -> Any:
        value = self.str(name)
        if not value:
            return default
        adjective = "whole " if number_type is builtins.int else ""
        hint = f"Use a {adjective}number from {minimum} to {maximum}."
        try:
            number = number_type(value)
        except ValueError:
            self._record(name, "is not a number", hint, value)
            return default
        if not math.isfinite(number) or not minimum <= number <= maximum:
            self._record(name, "is out of range", hint, value)
            return default
        return number

    def db(self, name: builtins.str, *, default: builtins.str) -> dict[builtins.str, Any]:
        """Django's settings of a database. The value may contain a password and is never shown."""
        url = self.str(name, default=default)
        hint = "Use postgres://user:password@host:5432/name, or sqlite:////absolute/path."
        try:
            is_supported = url.partition(":")[0] in DATABASE_SCHEMES
            config = dict(Env.db_url_config(url)) if is_supported else {}
        except ValueError:
            config = {}
        if f"{name}_FILE" in {variable.name for variable in self.invalid_variables}:
            return dict(FALLBACK_DATABASE)
        if not config.get("NAME"):
            self._record(name, "is not a database URL", hint)
            return dict(FALLBACK_DATABASE)
        return config

    def redis_url(self, name: builtins.str, *, default: builtins.str = "") -> builtins.str:
        """The URL of a Redis server. It may contain a password and is never shown."""
        hint = "Use redis://host:6379/0 (rediss:// with TLS), or leave it out: workers poll."
        if self.str(name).startswith(broker_urls.RABBITMQ.plain):
            hint = "Set BROKER_URL to the URL of RabbitMQ, and leave this out or name a Redis."
        return self._broker(name, "is not a Redis URL", hint, default, [broker_urls.REDIS])

    def broker_url(self, name: builtins.str, *, default: builtins.str = "") -> builtins.str:
        """The URL of Celery's broker. It may contain a password and is never shown."""
        hint = (
            "Use amqp://user:password@host:5672/virtual-host or redis://host:6379/0 (amqps:// and "
            "rediss:// with TLS), or leave it out: REDIS_URL applies."
        )
        problem = "is not the URL of RabbitMQ or Redis"
        return self._broker(name, problem, hint, default, broker_urls.SERVERS)

    def _broker(
        self,
        name: builtins.str,
        problem: builtins.str,
        hint: builtins.str,
        default: builtins.str,
        servers: Collection[broker_urls.Server],
    ) -> builtins.str:
        url = self.str(name)
        if not url:
            return default
        if broker_urls.problem(url, name, servers):
            self._record(name, problem, hint)
            return default
        return url

    def _record(
        self,
        name: builtins.str,
        problem: builtins.str,
        hint: builtins.str,
        value: builtins.str = "",
    ) -> None:
        shown = f" ({value[:MAX_SHOWN_LENGTH]!r})" if value else ""
        message = f"{name}{shown} {problem}."
        self.invalid_variables.append(InvalidVariable(name, message, hint))
