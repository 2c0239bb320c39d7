"""Code of the documents, for tests that run it as it is printed."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(file: str, language: str, *, section: str = "") -> list[str]:
    """The blocks of code in that language, in their order.

    Args:
        section: a heading without its #; only what is below it, up to the next of its level.
    """
    text = (ROOT / file).read_text()
    if section:
        (text,) = re.findall(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return [code for result, code in BLOCK.findall(text) if result == language]
