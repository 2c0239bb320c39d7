"""Settings as production has them."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from tests.gateway.boot.test_checks import KEY, SAFE


@pytest.fixture
def production(settings: Settings) -> Settings:
    """Safe settings of production, for a test to spoil."""
    settings.DEVELOPMENT = False
    settings.SECRET_KEY = SAFE["SECRET_KEY"]
    settings.FIELD_ENCRYPTION_KEYS = [KEY]
    settings.ALLOWED_HOSTS = ["gateway.bank.example"]
    settings.PUBLIC_URL = "https://gateway.bank.example"
    settings.VENDOR_ALLOWED_HOSTS = []
    settings.CORS_ALLOWED_ORIGINS = []
    settings.METRICS_TOKEN = ""
    return settings
