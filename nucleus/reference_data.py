"""Fixed tables of facts that come with the code (`nucleus/data`), equal for every tenant."""

from __future__ import annotations

import csv
from pathlib import Path
from uuid import UUID, uuid5

DATA = Path(__file__).with_name("data")
IDS = UUID("6f1d7a52-5d0c-4c3e-9b0e-2b8f6f3f9a10")  # namespace of the ids of all rows


def read(name: str) -> list[dict[str, str]]:
    """The rows of a table, each a dict by column."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def row_id(name: str, *key: str) -> UUID:
    """The id of a row: derived from its key, so it is the same in every installation."""
    return uuid5(IDS, "/".join((name, *key)))
