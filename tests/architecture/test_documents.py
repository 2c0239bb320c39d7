"""Environment variables and kinds of jobs in the documents equal those in the code."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from integrations.jobs.kinds import KINDS
from tests.architecture.test_layers import ROOT, SOURCES

NONE: tuple[Any, ...] = ("", [])
COMPUTED = object()


def settings_read() -> dict[str, Any]:
    """The variables that gateway/settings.py reads, with those defaults that are plain."""
    result: dict[str, Any] = {}
    for node in ast.walk(ast.parse((ROOT / "gateway/settings.py").read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="env")), args=[ast.Constant(value=str(name))]
            ):
                params = {keyword.arg: keyword.value for keyword in node.keywords}.get("default")
                plain = isinstance(params, ast.Constant) or getattr(params, "elts", None) == []
                result[name] = ast.literal_eval(params) if params and plain else COMPUTED
    return result


def others_read(package: str) -> set[str]:
    """The variables that a package reads beside its Django settings."""
    pattern = re.compile(r'(?:environ(?:ment)?(?:\.get\(|\[)|_secret\()"([A-Z_]+)"')
    texts = [path.read_text() for path in (ROOT / package).rglob("*.py")]
    return {name for text in texts for name in pattern.findall(text)}


def documented(file: str) -> dict[str, str]:
    """Variable → default, out of the table of a document."""
    table = (ROOT / file).read_text().split("| Variable |")[1].split("\n\n")[0]
    return dict(re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", table, re.MULTILINE))


def default_text(default: Any) -> str:
    if default in NONE:
        return "none"
    text = str(default).lower() if isinstance(default, bool) else f"{default}"
    return f"`{text.removesuffix('.0')}`"


def test_every_variable_of_the_gateway_is_in_the_table_and_no_other():
    table = set(documented("docs/configuration.md"))
    read = settings_read().keys() | {"DEMO_PORT"}
    assert len(read) > 30
    assert read - {"READ_DOT_ENV"} == table


def test_every_other_variable_is_named():
    text = (ROOT / "docs/configuration.md").read_text() + (ROOT / "docs/sandbox.md").read_text()
    read = others_read("gateway") | others_read("sandbox") | others_read("integrations")
    assert {"VENDOR_SECRET", "SANDBOX_SEED"} <= read
    internal = {"DJANGO_SETTINGS_MODULE"}
    assert {name for name in read - internal if f"`{name}" not in text} == set()


@pytest.mark.parametrize("file", ["docs/configuration.md", "README.md"])
def test_defaults_are_those_of_the_code(file: str):
    read = settings_read()
    wrong = {
        name: default
        for name, default in documented(file).items()
        if read.get(name, COMPUTED) is not COMPUTED and default != default_text(read[name])
    }
    assert wrong == {}
    assert documented(file).keys() <= read.keys() | {"DEMO_PORT"}


def test_the_map_leads_somewhere():
    tree = (ROOT / "docs/architecture.md").read_text().split("```")[1]
    top, missing, count = "", [], 0
    for line in tree.splitlines():
        indent, names = re.match(r"( *)((?:[\w.]+(?:/|\.py)(?:, )?)*)", line).groups()
        top = names.rstrip("/") if names and not indent else top
        paths = [ROOT / top / name if indent else ROOT / name for name in names.split(", ") if name]
        count += len(paths)
        missing += [path for path in paths if len(indent) <= 2 and not path.exists()]
    assert count > 30
    assert missing == []


def test_citations_of_the_contract_name_its_sections():
    text = (ROOT / "docs/hydrogen-contract.md").read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    cited = {
        anchor
        for path in SOURCES
        for anchor in re.findall(r"hydrogen-contract\.md#([\w-]+)", path.read_text())
    }
    assert len(cited) > 5
    assert cited <= anchors


def test_every_kind_of_job_is_described():
    described = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/jobs.md").read_text(), re.MULTILINE)
    assert set(described) == set(KINDS)


def test_the_queue_of_every_kind_is_described():
    text = (ROOT / "docs/jobs.md").read_text()
    rows = re.findall(r"^\| \*(\w+)\* \|[^|]*\|([^|]*)\|", text, re.MULTILINE)
    described = {kind: queue for queue, types in rows for kind in re.findall(r"`(\w+)`", types)}
    assert described == {name: kind.queue.value for name, kind in KINDS.items()}
