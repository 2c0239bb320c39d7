"""User names of clients: which are acceptable, and which look like another one.

A name beside one that looks like it can be taken for it, by people and by whoever compares without
regard to case, as Hydrogen's SDKs do for the `sub` of JWTs.
"""

# ruff: noqa: RUF001 - letters that look like others are what this module is about

from __future__ import annotations

from unicodedata import category, name, normalize

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
# Scripts that are recommended for identifiers (Unicode Standard Annex 31, table 5), as the names of
# their characters begin. The others, such as Lisu and Cherokee, are drawn like Latin letters.
EAST_ASIAN = frozenset({
    "BOPOMOFO", "CJK", "HANGUL", "HIRAGANA", "IDEOGRAPHIC", "KATAKANA", "KATAKANA-HIRAGANA",
})  # fmt: skip
SCRIPTS = EAST_ASIAN | {
    "ARABIC", "ARMENIAN", "BENGALI", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GREEK",
    "GUJARATI", "GURMUKHI", "HEBREW", "KANNADA", "KHMER", "LAO", "LATIN", "MALAYALAM", "MYANMAR",
    "ORIYA", "SINHALA", "TAMIL", "TELUGU", "THAANA", "THAI", "TIBETAN",
}  # fmt: skip
# Small capitals, clicks and kra: letters of phonetics that are drawn like ordinary ones.
PHONETIC = ("LATIN LETTER ", "LATIN SMALL LETTER KRA")


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
    return _problem_of_letters(normalize("NFKC", username))


def _problem_of_letters(username: str) -> str | None:
    """Why its letters could be taken for others that `key` does not know as alike."""
    for letter in username:
        if name(letter, "").startswith(("COMBINING ", *PHONETIC)):
            return f"Use ordinary letters instead of U+{ord(letter):04X}."
    scripts = _scripts(username)
    if unusual := scripts - SCRIPTS:
        return f"Use another script than {min(unusual).title()}: its letters look like others."
    if _is_mixed(scripts) and _is_mixed(_scripts(username.casefold().translate(DRAWN_ALIKE))):
        names = " and ".join(sorted(script.title() for script in scripts))
        return f"Use one script: letters of {names} can be taken for each other."
    return None


def _scripts(text: str) -> set[str]:
    """The scripts of its letters and digits, by the first word of their names."""
    return {
        "LATIN" if letter.isascii() else name(letter, "unknown").split()[0]
        for letter in text
        if category(letter)[0] == "L" or (category(letter)[0] == "N" and not letter.isascii())
    }


def _is_mixed(scripts: set[str]) -> bool:
    """East Asian ones are written together, and with Latin (Unicode Technical Standard 39)."""
    return len(scripts) > 1 and not scripts <= EAST_ASIAN | {"LATIN"}


def is_same_but_for_case(first: str, second: str) -> bool:
    """Whether two names differ in case only."""
    return first.casefold() == second.casefold()
