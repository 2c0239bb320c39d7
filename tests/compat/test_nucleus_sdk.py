"""Hydrogen's Nucleus SDK, unmodified: clients."""

from __future__ import annotations

import nucleus_api
import pytest

pytestmark = pytest.mark.django_db(transaction=True)


def test_clients(nucleus_sdk: nucleus_api.ApiClient):
    clients = nucleus_api.ClientApi(nucleus_sdk)
    body = nucleus_api.Client(username="ada", client_type="consumer", first_name="Ada")
    created = clients.create_client_using_post(body)
    assert created.first_name == "Ada"
    assert clients.get_client_using_get(created.id).username == "ada"
    page = clients.get_client_all_using_get(ascending=True, order_by="username", page=0, size=10)
    assert [item.id for item in page.content] == [created.id]
    changed = clients.update_client_using_put({"first_name": "Augusta"}, created.id)
    assert (changed.first_name, changed.username) == ("Augusta", "ada")
    clients.delete_client_using_delete(created.id)
    assert clients.get_client_using_get(created.id).is_active is False
