"""User names of clients: which are acceptable, and which look like another one.

A name beside one that looks like it can be taken for it, by people and by whoever compares without
regard to case, as Hydrogen's SDKs do for the `sub` of client tokens.
"""

# ruff: noqa: RUF001 - letters that look like others are what this module is about

from __future__ import annotations

from unicodedata import normalize

MAX_LENGTH = 255
# Small letters (case is folded first) that are drawn like Latin ones, or whose capitals are.
# Source: Unicode Technical Standard 39, confusables.txt.
DRAWN_ALIKE = (
    str.maketrans("ıɩɑɡ", "iiag")
    | str.maketrans("авекмнорстухіјѕһԁԛԝӏѵ", "abekmhopctyxijshdqwlv")  # Cyrillic
    | str.maketrans("αβεζηικμνορτυχ", "abezhikmvoptux")  # Greek
    | str.maketrans("օս", "ou")  # Armenian
)
# Drawn as nothing at all, although str.isprintable() lets them pass.
INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)


def key(username: str) -> str:
    """What names that look alike have in common.

    Case, width, ligatures and other forms of the same letter make no difference (NFKC and case
    folding), nor do letters that are drawn alike or characters that cannot be seen.
    """
    folded = normalize("NFKC", normalize("NFKC", username).casefold())
    letters = folded.translate(DRAWN_ALIKE).replace("i\u0307", "i")  # what U+0130 is folded to
    visible = "".join(
        " " if letter.isspace() else letter
        for letter in letters
        if letter.isspace() or (letter.isprintable() and letter not in INVISIBLE)
    )
    return " ".join(visible.split())[:MAX_LENGTH]


def problem(username: str) -> str | None:
    """Why a client must not get this name."""
    if not username.isprintable() or not INVISIBLE.isdisjoint(username):
        return "Use visible characters and plain spaces only: no control or zero-width characters."
    if username != username.strip():
        return "Leave out the spaces at the beginning and the end."
    return None


def is_same_but_for_case(first: str, second: str) -> bool:
    """Whether two names differ in case only."""
    return first.casefold() == second.casefold()
