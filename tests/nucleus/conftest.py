from __future__ import annotations

import pytest

from nucleus.models import AggregationAccount
from tests.factories.nucleus import AggregationAccountFactory


@pytest.fixture
def account() -> AggregationAccount:
    return AggregationAccountFactory()
