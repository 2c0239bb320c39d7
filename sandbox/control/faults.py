"""Faults to inject: which calls fail next, and how.

Faults live in the process's memory: the sandbox is one process, and a restart clears them.
"""

from __future__ import annotations

import itertools
import re
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from django.http import HttpRequest

MAX_SECONDS = 120.0
LAG_SECONDS = 0.5
KINDS = {
    "status": "an error status, with MX's error body or your own",
    "latency": "the right answer, late",
    "lag": "what the call creates is a 404 for a while, half a second if nothing is said",
    "timeout": "no answer at all until the caller gives up",
    "reset": "the connection is reset in the middle of the answer",
    "truncated": "half of the right JSON, as if it were whole",
    "cut_off": "half of the right answer, then the connection ends",
    "garbage": "bytes that are neither JSON nor text",
    "html": "a maintenance page instead of JSON",
    "null_storm": "null in every field that may be null",
    "unknown_enums": "unknown values in type, status and category fields",
    "unknown_fields": "fields that the reference does not know",
    "missing_rows": "rows are missing in a list: those of `guids`, or all",
    "shifting_pages": "rows move between pages while they are read",
    "endless_pages": "a list that never has a last page",
}


@dataclass
class Fault:
    """The next `count` calls that match go wrong, after `skip` of them went well."""

    kind: str = "status"
    method: str = ""  # empty: any
    path: str = "*"  # * is anything; {name} is one part of the path
    count: int = 1
    skip: int = 0
    status: int = 0  # 0: the kind's own, 500 for kind status
    latency_seconds: float = 0.0
    body: str = ""
    message: str = ""  # of MX's error body
    type: str = ""  # likewise, as MX Platform has it, such as institution_maintenance_error
    headers: dict[str, str] = field(default_factory=dict)
    fields: list[str] = field(default_factory=list)  # empty: all that the kind knows
    guids: list[str] = field(default_factory=list)  # rows that are missing; empty: all
    shift: int = 1  # rows; negative ones are missed
    id: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}.")
        if self.status and not 200 <= self.status <= 599:
            raise ValueError("status must be between 200 and 599.")
        if not 0 <= self.latency_seconds <= MAX_SECONDS:
            raise ValueError(f"latency_seconds must be between 0 and {MAX_SECONDS:.0f}.")
        if any("\n" in text or "\r" in text for pair in self.headers.items() for text in pair):
            raise ValueError("headers must be one line each.")
        for name in ("fields", "guids"):
            if not all(isinstance(item, str) for item in getattr(self, name)):
                raise ValueError(f"{name} must be a list of strings.")
        self.method = self.method.upper()
        parts = re.split(r"(\*|\{\w+\})", self.path)
        self.pattern = re.compile("".join(map(_expression, parts)))

    def matches(self, request: HttpRequest) -> bool:
        return self.method in ("", request.method) and bool(self.pattern.fullmatch(request.path))


def _expression(part: str) -> str:
    if part == "*":
        return ".*"
    return "[^/]+" if part.startswith("{") else re.escape(part)


class Faults:
    """The faults that wait, safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._hidden: dict[str, float] = {}  # guid → when it can be read
        self._ids = itertools.count(1)

    def add(self, params: dict[str, Any]) -> Fault:
        """Add a fault.

        Raises:
            ValueError, TypeError: the parameters describe no fault.
        """
        typed = {"count": int, "skip": int, "status": int, "shift": int, "latency_seconds": float}
        values = {
            name: typed.get(name, lambda value: value)(value) for name, value in params.items()
        }
        values["headers"] = {str(k): str(v) for k, v in dict(values.get("headers") or {}).items()}
        for name in ("kind", "method", "path", "body", "message", "type"):
            if not isinstance(values.get(name, ""), str):
                raise TypeError(f"{name} must be a string.")
        fault = Fault(**values | {"id": next(self._ids)})
        with self._lock:
            self._waiting.append(fault)
        return fault

    def clear(self, identity: int | None = None) -> None:
        """Forget one fault, or all and what they have done."""
        with self._lock:
            if identity is None:
                self._hidden = {}
            self._waiting = [
                fault for fault in self._waiting if identity is not None and fault.id != identity
            ]

    def hide(self, guid: str, seconds: float) -> None:
        """Let paths with this guid be a 404 for a while."""
        with self._lock:
            self._hidden[guid] = time.monotonic() + (seconds or LAG_SECONDS)

    def is_hidden(self, path: str) -> bool:
        """Whether a path names what cannot be read yet."""
        if not self._hidden:
            return False
        now = time.monotonic()
        with self._lock:
            self._hidden = {guid: end for guid, end in self._hidden.items() if end > now}
            return not self._hidden.keys().isdisjoint(path.split("/"))

    def take(self, request: HttpRequest) -> Fault | None:
        """The first fault that matches; one of its calls is used up."""
        if not self._waiting:
            return None
        with self._lock:
            for fault in self._waiting:
                if not fault.matches(request):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.count -= 1
                if fault.count <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def as_list(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._waiting]


FAULTS = Faults()
