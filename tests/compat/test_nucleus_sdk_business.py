"""Hydrogen's Nucleus SDK, unmodified: businesses."""

from __future__ import annotations

from datetime import date

import nucleus_api
import pytest

from nucleus.models import Client

pytestmark = pytest.mark.django_db(transaction=True)


def test_businesses(nucleus_sdk: nucleus_api.ApiClient):
    api = nucleus_api.BusinessApi(nucleus_sdk)
    place = nucleus_api.BusinessAddress(
        address_line1="1", city="T", state="UT", country="US", type="office"
    )
    body = nucleus_api.Business(
        legal_name="Demo Bakery LLC",
        incorporation_date=date(2019, 5, 1),
        identification_number="12-3456789",
        address=[place],
    )
    created = api.create_business_using_post(body)
    read = api.get_business_using_get(created.id)
    assert (read.legal_name, read.incorporation_date) == ("Demo Bakery LLC", date(2019, 5, 1))
    assert read.identification_number is None
    assert read.address == [place]
    page = api.get_business_all_using_get(ascending=True, order_by="legal_name", page=0, size=10)
    assert [item.id for item in page.content] == [created.id]
    changed = api.update_business_using_put({"dba_name": "Demo Bread"}, created.id)
    assert (changed.dba_name, changed.legal_name) == ("Demo Bread", "Demo Bakery LLC")
    api.delete_business_using_delete(created.id)
    assert api.get_business_using_get(created.id).is_active is False


def test_ownership_with_the_name_the_sdk_forgot(
    nucleus_sdk: nucleus_api.ApiClient, nucleus_client: Client, monkeypatch: pytest.MonkeyPatch
):
    """Its `models` lack Ownership, which it needs to read one; docs/sdk.md has this line."""
    monkeypatch.setattr(nucleus_api.models, "Ownership", nucleus_api.Ownership, raising=False)
    owner = nucleus_api.Ownership(
        client_id=str(nucleus_client.pk), role="owner", percent_ownership=62.5
    )
    body = nucleus_api.Business(legal_name="Demo Bakery LLC", ownership=[owner])
    assert nucleus_api.BusinessApi(nucleus_sdk).create_business_using_post(body).ownership == [
        owner
    ]
