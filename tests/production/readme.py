"""The commands of the README's section about production, word for word."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def blocks() -> list[list[str]]:
    """The commands of each block of the section; comments behind them are left out."""
    section = re.search(r"^## Production\n(.*?)^## ", (ROOT / "README.md").read_text(), re.M | re.S)
    assert section is not None
    matches = re.findall(r"^ *```sh\n(.*?)^ *```", section[1], re.M | re.S)
    return [
        [line.split("  #")[0].strip() for line in block.splitlines() if line.strip()]
        for block in matches
    ]
