"""What is imported is declared, and what is declared is pinned with hashes."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from django.conf import settings
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
OWN_PACKAGES = {
    "devtools",
    "gateway",
    "integrations",
    "nucleus",
    "celery_app",
    "sandbox",
    "demo",
    "tests",
    "benchmarks",
}
PRODUCTION = ("requirements.in",)
SANDBOX = (*PRODUCTION, "requirements-sandbox.in")
DEVELOPMENT = (*SANDBOX, "requirements-dev.in")
ALLOWED = {
    "manage.py": PRODUCTION,
    "gateway": PRODUCTION,
    "integrations": PRODUCTION,
    "nucleus": PRODUCTION,
    "celery_app": PRODUCTION,
    "devtools": PRODUCTION,
    "sandbox": SANDBOX,
    "demo": SANDBOX,
    "tests": DEVELOPMENT,
    "benchmarks": DEVELOPMENT,
}
# They run in environments of their own, which their directories describe.
OTHER_ENVIRONMENTS = {
    ROOT / "tests/clients/flow.py",
    ROOT / "tests/production/network/sitecustomize.py",
    *(ROOT / "tests/mx_platform_client").glob("*.py"),
}
DISTRIBUTIONS = packages_distributions()
NAME = re.compile(r"^[A-Za-z0-9._-]+")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(files: tuple[str, ...]) -> set[str]:
    """The names that stand in these files themselves, not in what they include."""
    lines = [line.strip() for file in files for line in (ROOT / file).read_text().splitlines()]
    matches = [NAME.match(line) for line in lines if not line.startswith(("#", "-"))]
    return {normal(match[0]) for match in matches if match}


def imported(place: Path) -> Iterator[tuple[str, Path]]:
    """Top-level names of every import of others' packages, in functions and conditions too."""
    for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())) if file not in OTHER_ENVIRONMENTS else ():
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module or ""]
            for module in modules:
                top = module.split(".")[0]
                if top not in sys.stdlib_module_names | OWN_PACKAGES:
                    yield top, file


@pytest.mark.parametrize("name", ALLOWED)
def test_imported_packages_are_declared(name: str):
    existing = declared(ALLOWED[name])
    undeclared = {
        f"{top} ({file.relative_to(ROOT)})"
        for top, file in imported(ROOT / name)
        if not {normal(distribution) for distribution in DISTRIBUTIONS.get(top, [top])} & existing
    }
    assert not undeclared, f"Name it in {ALLOWED[name][-1]}, then: make requirements"


def test_apps_and_middleware_of_the_settings_are_declared():
    existing = declared(PRODUCTION)
    for path in [*settings.INSTALLED_APPS, *settings.MIDDLEWARE]:
        top = path.split(".")[0]
        assert (
            top in OWN_PACKAGES
            or {normal(distribution) for distribution in DISTRIBUTIONS[top]} & existing
        ), path


def pins(file: str) -> set[tuple[str, str]]:
    """Names and versions; one that depends on Python's version has several."""
    pattern = r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)"
    return {
        (normal(name), version)
        for name, version in re.findall(pattern, (ROOT / file).read_text(), re.M)
    }


@pytest.mark.parametrize(
    "file", ["requirements.txt", "requirements-sandbox.txt", "requirements-dev.txt"]
)
def test_every_pin_has_hashes_and_no_index_is_named(file: str):
    text = (ROOT / file).read_text()
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert [block for block in blocks if not re.search(r"--hash=sha256:[0-9a-f]{64}", block)] == []
    assert "://" not in text
    names = {name for name, _ in pins(file)}
    assert declared((file.replace(".txt", ".in"),)) <= names


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_pins_name_the_extras_that_other_packages_ask_for(file: str):
    """Pip before 23.3 does not take `name==1` for an answer to `name[extra]` in hash mode."""
    text = (ROOT / file).read_text()
    pinned_extras = {
        normal(name): set(extras.split(","))
        for name, extras in re.findall(r"^([A-Za-z0-9._-]+)\[([^]]*)\]==", text, re.M)
    }
    for name, _ in pins(file):
        try:
            requirements = [Requirement(line) for line in metadata.requires(name) or ()]
        except metadata.PackageNotFoundError:  # of another operating system
            continue
        for requirement in requirements:
            if requirement.extras and (not requirement.marker or requirement.marker.evaluate()):
                required = normal(requirement.name)
                assert requirement.extras <= pinned_extras.get(required, set()), (name, required)


def test_development_has_the_versions_of_production():
    assert pins("requirements.txt") | pins("requirements-sandbox.txt") <= pins(
        "requirements-dev.txt"
    )


def test_production_has_nothing_of_the_sandbox():
    extra = declared(("requirements-sandbox.in",))
    assert not extra & {name for name, _ in pins("requirements.txt")}
