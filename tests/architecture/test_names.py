"""Names say what a value is or what a function does; words that say neither are not used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.test_layers import ROOT, SOURCES

# Each of them needs its context to be understood: `found` what?, `told` whom?
BANNED = frozenset(
    [
        "asked", "bury", "found", "fresh", "given", "hears", "held", "hers", "known", "looks",
        "mine", "one", "ours", "said", "seen", "tell", "theirs", "told", "wanted", "what",
        "whole", "whom",
    ]
)  # fmt: skip
BENCHMARKS = sorted((ROOT / "benchmarks").rglob("*.py"))
# A text without any of them as a word needs no parsing, which takes most of the time.
BANNED_WORD = re.compile(rf"(?<![^\W_])(?:{'|'.join(sorted(BANNED))})(?![^\W_])", re.IGNORECASE)


def definitions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Names of functions, classes, parameters, variables and attributes, each with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name, node.lineno


def banned_names(source: str) -> list[tuple[str, int]]:
    if not BANNED_WORD.search(source):
        return []
    return [
        (name, line)
        for name, line in definitions(ast.parse(source))
        if name.strip("_").lower() in BANNED
    ]


def test_names_say_what_they_mean():
    names = {path: banned_names(path.read_text()) for path in (*SOURCES, *BENCHMARKS)}
    assert {str(path.relative_to(ROOT)): lines for path, lines in names.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        "def found(): ...",
        "class Told: ...",
        "def read(seen): ...",
        "_found = 1",
        "row.held = 1",
        "[one for one in rows]",
        "try: ...\nexcept Error as given: ...",
        "lambda one: 1",
        "__Known__ = 1",
    ],
)
def test_a_banned_name_is_reported_wherever_it_is_defined(source: str):
    assert len(banned_names(source)) == 1


def test_uses_of_names_of_other_packages_are_not_reported():
    assert banned_names("seen\nrow.known\nread(found=1)\nfrom package import told") == []
