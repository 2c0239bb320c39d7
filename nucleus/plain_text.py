"""Characters that are invisible, or change how other text is shown, and are not allowed in data.

Control characters change logs and terminals, directional ones the order in which a name is read.
Requests with them are refused; in the text of vendors they are removed.
"""

from __future__ import annotations

import re

CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # but for tabs and the ends of lines
DIRECTIONS = r"\u202a-\u202e\u2066-\u2069"  # they reorder the text after them
INVISIBLE = (
    r"\xad\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e00ff"
)
# Joiners belong to Persian, to Indic scripts and to emoji, so between such letters they stay.
STRAY_JOINER = r"(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
IN_LINES = re.compile(f"[{CONTROLS}{DIRECTIONS}]")
IN_ONE_LINE = re.compile(rf"[{CONTROLS}{DIRECTIONS}\t\n\r{INVISIBLE}]|{STRAY_JOINER}")


def one_line(text: str) -> str:
    """`text` in one line, without characters that a name must not contain."""
    return IN_ONE_LINE.sub("", re.sub(r"[\t\n\r]+", " ", text)).strip()


def lines(text: str) -> str:
    """`text` without characters that no text may contain."""
    return IN_LINES.sub("", text).strip()
