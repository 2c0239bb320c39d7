"""CSV files for spreadsheets: exact values, and no cell that a spreadsheet would calculate."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes the file for another encoding
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
LINE_END = "\r\n"  # of a record; cells have "\n"
RECORDS_AT_ONCE = 500


class _Line:
    """What csv.writer writes to: hands the text back."""

    def write(self, text: str) -> str:
        return text


def cell(value: Any) -> str:
    """The text of a value: all digits of amounts, ISO 8601, UTC, and nothing for None."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case int():
            return str(value)
    text = str(value).replace("\r\n", "\n").replace("\0", "")
    # A leading apostrophe makes spreadsheets show a formula instead of calculating it.
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def encoded(header: Sequence[str], records: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file in pieces of RECORDS_AT_ONCE records.

    Args:
        header: names of the columns.
        records: the values of each record, in the order of the columns.
    """
    writer: Any = csv.writer(_Line(), lineterminator=LINE_END)
    lines = [BYTE_ORDER_MARK + writer.writerow(header)]
    for record in records:
        lines.append(writer.writerow([cell(value) for value in record]))
        if len(lines) >= RECORDS_AT_ONCE:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()
