"""docs/privacy.md names what is stored encrypted and what is kept how long."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from nucleus.encryption_checks import encrypted_models

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "privacy.md").read_text()


def test_every_encrypted_column_is_named_and_no_other():
    stored = {f"{model.__name__}.{name}" for model, names in encrypted_models() for name in names}
    assert set(re.findall(r"`([A-Z][A-Za-z]+\.[a-z_]+)`", PAGE)) == stored


def test_every_retention_is_named_with_its_default():
    named = dict(re.findall(r"`RETENTION_([A-Z]+)_DAYS` \((\d+)\)", PAGE))
    assert {name.lower(): int(days) for name, days in named.items()} == settings.RETENTION_DAYS
