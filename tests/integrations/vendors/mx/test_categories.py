"""MX's account types have the categories that /resource/account_category lists."""

from __future__ import annotations

import pytest

from integrations.vendors.mx import mapping
from nucleus import categories
from tests.api import Api

pytestmark = pytest.mark.django_db


def test_listed_account_categories_are_those_of_mapped_accounts(api: Api):
    rows = api.get("/nucleus/v1/resource/account_category").data
    for row in rows:
        payload = {
            "guid": "ACT-1", "user_guid": "USR-1", "type": row["vendor_category"],
            "subtype": row["vendor_subcategory"],
        }  # fmt: skip
        account = mapping.account(payload)
        assert (account.category, account.subcategory) == (row["category"], row["subcategory"])
        assert row["hydrogen_account_category_id"] == str(
            categories.account_category_id(
                category=account.category, subcategory=account.subcategory
            )
        )
    assert len({row["hydrogen_account_category_id"] for row in rows}) == len(rows) == 117
