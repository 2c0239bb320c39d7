"""What becomes of a failed job: a table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integrations.jobs import retry
from integrations.vendors import errors
from integrations.vendors.errors import VendorNotConfigured

AGE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("error", "attempts", "age", "least", "most", "spends"),
    [
        (errors.VendorUnavailable(), 1, AGE, 0, 5, True),
        (errors.VendorUnavailable(), 4, AGE, 0, 40, True),
        (errors.VendorUnavailable(), 5, AGE, None, None, True),
        (errors.VendorRateLimited(retry_after=9e9), 1, AGE, 3600, 3600, False),
        (errors.VendorRateLimited(), 9, AGE, 60, 60, False),
        (errors.VendorRateLimited(), 5, timedelta(days=2), None, None, True),
        (errors.VendorAccessDenied(status=401), 9, AGE, 900, 900, False),
        (errors.VendorAccessDenied(status=403), 1, AGE, None, None, True),
        (errors.VendorAccessDenied(status=401), 1, timedelta(days=4), None, None, True),
        (errors.VendorBusy(), 5, AGE, 5, 5, False),
        (errors.VendorBusy(), 5, timedelta(days=2), None, None, True),
        (errors.VendorRefused(), 1, AGE, None, None, True),
        (errors.VendorNotFound(), 1, AGE, None, None, True),
        (VendorNotConfigured("x", vendor="mx"), 9, AGE, 900, 900, False),
        (VendorNotConfigured("x", vendor="mx"), 1, timedelta(days=4), None, None, True),
        (KeyError("x"), 1, AGE, 0, 5, True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_the_decision_follows_the_policy_of_the_error(
    error: Exception, attempts: int, age: timedelta, least: Any, most: Any, spends: Any
):
    decision = retry.decide(error, attempts=attempts, max_attempts=5, age=age)
    if least is None:
        assert decision.delay is None
    else:
        assert decision.delay is not None
        assert least <= decision.delay <= most
        assert decision.spend_attempt is spends
