"""Reads environment variables; a value that cannot be used is recorded, not raised.

The settings module has to load even with unusable values: only then can the checks name every
problem at once instead of the first one, in a traceback.
"""

from __future__ import annotations

import builtins
import math
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from environ import Env

TRUE = {"1", "true", "yes", "on", "y", "t"}
FALSE = {"0", "false", "no", "off", "n", "f"}
DATABASES = {"sqlite", "postgres", "postgresql"}
# What the process gets where DATABASE_URL is unusable: nothing that it could damage.
NO_DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Problem:
    """A variable whose value cannot be used."""

    name: str
    message: str
    fix: str


@dataclass(slots=True)
class Environment:
    """Typed values by name. An empty variable counts as one that is not set."""

    values: Mapping[str, str] = field(default_factory=lambda: os.environ)
    problems: list[Problem] = field(default_factory=list)

    def str(self, name: str, *, default: str = "") -> str:
        return self.values.get(name, "").strip() or default

    def list(self, name: builtins.str, *, default: Collection[builtins.str] = ()) -> Any:
        """The items of a comma separated list (of strings)."""
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
        """One of `choices`, in upper or lower case."""
        value = self.str(name, default=default)
        for choice in choices:
            if choice.lower() == value.lower():
                return choice
        self._record(name, "is unknown", f"Use one of {', '.join(choices)}.", value)
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
        self, name: builtins.str, kind: Any, default: Any, minimum: Any, maximum: Any
    ) -> Any:
        value = self.str(name)
        if not value:
            return default
        fix = f"Use a {'whole ' if kind is builtins.int else ''}number from {minimum} to {maximum}."
        try:
            number = kind(value)
        except ValueError:
            self._record(name, "is not a number", fix, value)
            return default
        if not math.isfinite(number) or not minimum <= number <= maximum:
            self._record(name, "is out of range", fix, value)
            return default
        return number

    def db(self, name: builtins.str, *, default: builtins.str) -> dict[builtins.str, Any]:
        """Django's settings of a database. The value may hold a password and is never shown."""
        url = self.str(name, default=default)
        fix = "Use postgres://user:password@host:5432/name, or sqlite:////absolute/path."
        try:
            is_known = url.partition(":")[0] in DATABASES
            config = dict(Env.db_url_config(url)) if is_known else {}
        except ValueError:
            config = {}
        if not config.get("NAME"):
            self._record(name, "is not the URL of a database", fix)
            return dict(NO_DATABASE)
        return config

    def redis_url(self, name: builtins.str, *, default: builtins.str = "") -> builtins.str:
        """The URL of a Redis server, or the default. It may hold a password and is never shown."""
        url = self.str(name, default=default)
        if url == default:
            return url
        try:
            parts = urlsplit(url)
            database = parts.path.strip("/")
            is_usable = (
                parts.scheme in ("redis", "rediss")
                and bool(parts.hostname)
                and parts.port != 0
                and (not database or database.isdecimal())
            )
        except ValueError:
            is_usable = False
        if not is_usable:
            fix = "Use redis://host:6379/0 (rediss:// with TLS), or leave it out: workers poll."
            self._record(name, "is not the URL of a Redis server", fix)
            return default
        return url

    def _record(
        self, name: builtins.str, what: builtins.str, fix: builtins.str, value: builtins.str = ""
    ) -> None:
        shown = f" ({value[:LONGEST_SHOWN]!r})" if value else ""
        self.problems.append(Problem(name, f"{name}{shown} {what}.", fix))
