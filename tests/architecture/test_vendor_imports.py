"""A vendor's package is found by the registry, and imported by nothing else but its own tests."""

from __future__ import annotations

import ast
import pkgutil
from pathlib import Path

import pytest

from integrations import vendors
from tests.architecture.test_layers import ROOT, SOURCES

VENDORS = [module.name for module in pkgutil.iter_modules(vendors.__path__) if module.ispkg]
# Tests that are about a vendor's behaviour though they stand elsewhere.
TESTS_OF_VENDORS = {
    "tests/integrations/flows/test_transaction_listing.py",  # resumes MX's numbered pages
}


def imported_modules(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("vendor", VENDORS)
def test_only_a_vendor_and_its_tests_import_it(vendor: str):
    package = f"integrations.vendors.{vendor}"
    own = (ROOT / "integrations/vendors" / vendor, ROOT / "tests/integrations/vendors" / vendor)
    importers = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if not any(path.is_relative_to(folder) for folder in own)
        and any(f"{name}.".startswith(f"{package}.") for name in imported_modules(path))
    }
    assert importers == TESTS_OF_VENDORS


def test_there_is_a_vendor():
    assert "mx" in VENDORS
