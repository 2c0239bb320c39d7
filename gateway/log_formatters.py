"""Log formatters: one line, or one JSON object (LOG_FORMAT=json), per record.

Text from callers must not forge log lines or control the terminal that shows them. So control
characters are escaped in every record of the process.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

# C0 and C1 controls (ANSI sequences begin with one), line and paragraph separators, characters that
# change the direction of text, and lone surrogates, which no stream can encode.
CONTROL_CHARACTERS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
SECURITY_LOGGERS = "django.security."  # of requests that Django refuses with 400
INDENT = "    "  # so that no line of a traceback looks like a new record


def escape(text: str) -> str:
    """Replace control characters by their escape sequences, such as that of a line feed."""
    return CONTROL_CHARACTERS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


class SafeRecord(logging.LogRecord):
    """A record with an escaped message, for all handlers, including those of gunicorn.

    Requests that Django refuses are logged as a warning without traceback: anybody can send them,
    and tracebacks would flood the log and raise alarms.
    """

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(name, *args, **kwargs)
        if name.startswith(SECURITY_LOGGERS):
            self.exc_info = None
            self.levelno, self.levelname = logging.WARNING, "WARNING"

    def getMessage(self) -> str:  # noqa: N802 - logging's name
        return escape(super().getMessage())


def install() -> None:
    """Use SafeRecord for all records of the process."""
    logging.setLogRecordFactory(SafeRecord)


class LineFormatter(logging.Formatter):
    """One line per record, followed by an indented traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler may have cached the unescaped text
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return escape(super().formatMessage(record))

    def formatException(self, ei: logging._SysExcInfoType) -> str:  # noqa: N802 - logging's name
        return _indent(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's name
        return _indent(super().formatStack(stack_info))


def _indent(text: str) -> str:
    return "\n".join(f"{INDENT}{escape(line)}" for line in text.split("\n"))


class JsonFormatter(logging.Formatter):
    """One JSON object per record: time, level, logger, request id, message, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        text = json.dumps(entry, ensure_ascii=False, default=str)
        return CONTROL_CHARACTERS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
