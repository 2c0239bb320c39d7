"""How log records are written: a line each, or a JSON object each (LOG_FORMAT=json).

Words from outside must not be able to forge a line, or to drive the terminal that shows it: what is
no ordinary character is written as its escape sequence, in every record of the process.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

# C0 and C1 (ANSI sequences begin with one), line and paragraph separators, characters that turn the
# direction of text, and halves of surrogate pairs, which no stream can encode.
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
REFUSALS = "django.security."  # Django's loggers of requests that it answers with 400
INDENT = "    "  # no line of a traceback looks like the beginning of a record


def escaped(text: str) -> str:
    """`text` on one line: a line feed becomes the two characters \\n, and so on."""
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class SafeRecord(logging.LogRecord):
    """A record whose message is escaped, whichever handler writes it: gunicorn has its own.

    What Django refuses is a warning in one line: anybody can send such requests, and a traceback
    of each would flood the log and sound alarms.
    """

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(name, *args, **kwargs)
        if name.startswith(REFUSALS):
            self.exc_info = None
            self.levelno, self.levelname = logging.WARNING, "WARNING"

    def getMessage(self) -> str:  # noqa: N802 - logging's name
        return escaped(super().getMessage())


def install() -> None:
    """Make every record of the process a SafeRecord."""
    logging.setLogRecordFactory(SafeRecord)


class LineFormatter(logging.Formatter):
    """One line, and an indented traceback behind it where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler may have cached it as it is
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return escaped(super().formatMessage(record))

    def formatException(self, ei: logging._SysExcInfoType) -> str:  # noqa: N802 - logging's name
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's name
        return _indented(super().formatStack(stack_info))


def _indented(text: str) -> str:
    return "\n".join(f"{INDENT}{escaped(line)}" for line in text.split("\n"))


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message and the id that ties requests, jobs and calls together."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        text = json.dumps(line, ensure_ascii=False, default=str)
        return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
