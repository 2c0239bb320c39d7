"""The three token calls of both of Hydrogen's SDKs, unmodified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import integration_api
import nucleus_api
import pytest
from django.contrib.auth.hashers import make_password

from gateway.access.models import Application
from nucleus.models import Client
from tests.factories.access import SECRET, ApplicationFactory
from tests.factories.nucleus import ClientFactory
from tests.gateway.access.test_jwt_grant import PUBLIC, claims_of, signed

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "pass&word=50%+ü?"  # the SDKs put it into the query


@pytest.fixture
def application() -> Application:
    return ApplicationFactory(allow_passwords=True, client_token_key=PUBLIC)


@pytest.fixture
def ada(application: Application) -> Client:
    ClientFactory(tenant=application.tenant)
    password = make_password(PASSWORD)
    return ClientFactory(tenant=application.tenant, username="ada@demo", password=password)


@pytest.fixture(params=[integration_api, nucleus_api], ids=["integration", "nucleus"])
def sdk(request: pytest.FixtureRequest, resolved: str) -> Iterator[Any]:
    configuration = request.param.Configuration()
    configuration.host = resolved
    request.param.Configuration.set_default(configuration)
    yield request.param
    request.param.Configuration.set_default(None)


def visible(resolved: str, auth: Any) -> set[str]:
    """The clients that a token reaches, by the Nucleus SDK."""
    configuration = nucleus_api.Configuration()
    configuration.host = resolved
    configuration.access_token = auth.access_token
    page = nucleus_api.ClientApi(nucleus_api.ApiClient(configuration)).get_client_all_using_get()
    return {item.username for item in page.content}


def test_the_token_calls(resolved: str, sdk: Any, application: Application, ada: Client):
    auth = sdk.AuthApi()
    keys = application.client_id, SECRET
    assert len(visible(resolved, auth.create_using_post_client_credentials(*keys))) == 2
    auth = auth.create_using_post_password_credentials(*keys, ada.username, PASSWORD)
    assert visible(resolved, auth) == {ada.username}
    token = signed(claims_of(application))
    assert visible(resolved, auth.create_client_token_credentials(*keys, token)) == {ada.username}
    stored = sdk.AuthApi().set_access_token(auth.access_token)
    assert visible(resolved, stored) == {ada.username}


def test_refusals_are_the_sdks_exceptions(sdk: Any, application: Application, ada: Client):
    auth = sdk.AuthApi()
    with pytest.raises(sdk.rest.ApiException) as wrong:
        auth.create_using_post_password_credentials(
            application.client_id, SECRET, ada.username, "wrong"
        )
    assert wrong.value.status == 401
    with pytest.raises(sdk.rest.ApiException) as forged:
        auth.create_client_token_credentials(application.client_id, SECRET, "a.b.c")
    assert forged.value.status == 401
