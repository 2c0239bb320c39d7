"""Tokens for the user name and password of a Nucleus client."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db.models import F
from django.test import Client as HttpClient
from rest_framework.exceptions import AuthenticationFailed

from gateway.access.models import AccessToken, Application, UsageWindow
from gateway.access.token_issuing import issue
from nucleus.models import Client
from tests.api import Api
from tests.factories.access import ApplicationFactory, access_token, basic
from tests.factories.nucleus import ClientFactory
from tests.gateway.access.test_tokens import TOKEN
from tests.parallel import at_once

PASSWORD = "correct horse battery"
CLIENTS = "/nucleus/v1/client"


@pytest.fixture
def application(application: Application) -> Application:
    application.allow_passwords = True
    application.save()
    return application


@pytest.fixture
def ada(application: Application) -> Client:
    """A client whose password was set through the API."""
    body = {"username": "Ada@demo", "client_type": "consumer", "password": PASSWORD}
    made = Api(access_token(application)).post(CLIENTS, body)
    assert made.status_code == 201
    return Client.objects.for_tenant(application.tenant).get(pk=made.data["id"])


def sign_in(
    application: Application, username: str, password: str = PASSWORD, **parameters: str
) -> Any:
    query = {"grant_type": "password", "username": username, "password": password, **parameters}
    http = HttpClient(raise_request_exception=False)
    headers = {"Authorization": basic(application)}
    return http.post(f"{TOKEN}?{urlencode(query)}", headers=headers)


def test_a_password_opens_one_client_and_no_other(application: Application, ada: Client):
    other = ClientFactory(tenant=application.tenant)
    response = sign_in(application, ada.username)
    assert response.status_code == 200, response.content
    assert response["Cache-Control"] == "no-store"
    assert response.json()["scope"] == "create read update delete"  # account_numbers if asked for
    api = Api(response.json()["access_token"])
    assert [row["id"] for row in api.get(CLIENTS).data["content"]] == [str(ada.pk)]
    assert api.get(f"{CLIENTS}/{other.pk}").status_code == 404


@pytest.mark.parametrize(
    ("password", "status"),
    [("seven77", 400), ("password1", 400), ("x" * 256, 400), ("  spaces stay  ", 200)],
)
def test_passwords_are_hard_to_guess_and_kept_as_they_are(
    application: Application, ada: Client, password: str, status: int
):
    path = f"{CLIENTS}/{ada.pk}"
    response = Api(access_token(application)).put(path, {"password": password})
    assert response.status_code == status
    assert "errors" not in response.data or set(response.data["errors"]) == {"password"}
    current_password = password if status == 200 else PASSWORD
    assert sign_in(application, ada.username, current_password).status_code == 200
    assert sign_in(application, ada.username, current_password.strip() + " ").status_code == 401


def test_it_may_come_in_a_form_and_ask_for_scopes(application: Application, ada: Client):
    form = {"grant_type": "password", "username": ada.username, "password": PASSWORD}
    headers = {"Authorization": basic(application)}
    assert HttpClient().post(TOKEN, form, headers=headers).status_code == 200
    scoped = sign_in(application, ada.username, scope="read account_numbers")
    assert scoped.json()["scope"] == "read account_numbers"
    application.scopes = "read"
    application.save()
    assert sign_in(application, ada.username).json()["scope"] == "read"
    assert sign_in(application, ada.username, scope="delete").status_code == 400


def test_the_application_has_to_be_allowed_the_grant(application: Application, ada: Client):
    plain = ApplicationFactory(tenant=application.tenant)
    response = sign_in(plain, ada.username)
    assert response.status_code == 400
    assert "--allow-passwords" in response.json()["message"]
    foreign = ApplicationFactory(allow_passwords=True)
    assert sign_in(foreign, ada.username).status_code == 401
    assert "username" in sign_in(application, "").json()["errors"]
    assert "password" in sign_in(application, ada.username, "").json()["errors"]


def test_phps_password_call_gets_a_token_of_the_application(application: Application, ada: Client):
    wrong = sign_in(application, ada.username, "wrong", grant_type="client_credentials")
    assert wrong.status_code == 200
    assert AccessToken.objects.latest("pk").client is None


def test_a_failed_sign_in_does_not_reveal_whether_the_name_exists(
    application: Application, ada: Client, monkeypatch: pytest.MonkeyPatch
):
    """One answer, and one hash, for wrong passwords, unknown names and clients with no password."""
    inactive = ClientFactory(tenant=application.tenant, is_active=False, password=ada.password)
    without_password = ClientFactory(tenant=application.tenant)
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counting(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    responses = set()
    for username, password in (
        (ada.username, "wrong"),
        (ada.username.lower(), PASSWORD),
        (inactive.username, PASSWORD),
        (without_password.username, PASSWORD),
        ("unknown", PASSWORD),
        ("nul\0", PASSWORD),
        ("x" * 2000, PASSWORD),
    ):
        hashed.clear()
        response = sign_in(application, username, password)
        responses.add((response.status_code, response.json()["message"], len(hashed)))
        assert response["WWW-Authenticate"].startswith("Basic")
    assert responses == {(401, "The user name or password is wrong.", 1)}


def test_ten_failures_lock_the_name_for_a_quarter_of_an_hour(application: Application, ada: Client):
    second = ApplicationFactory(tenant=application.tenant, allow_passwords=True)
    wrong = [sign_in(application, ada.username, f"guess {n}").status_code for n in range(10)]
    assert wrong == [401] * 10
    for locked in (sign_in(application, ada.username), sign_in(second, ada.username)):
        assert locked.status_code == 429
        assert 890 <= int(locked["Retry-After"]) <= 900
        assert locked.json()["retry_at"]
    for name in ("unknown",) * 10:  # names that do not exist are locked alike
        assert sign_in(application, name).status_code == 401
    assert sign_in(application, "unknown").status_code == 429
    UsageWindow.objects.update(started=F("started") - 900)
    assert sign_in(application, ada.username).status_code == 200


def test_success_resets_the_count_of_failures(application: Application, ada: Client):
    for _ in range(2):
        for _ in range(9):
            assert sign_in(application, ada.username, "wrong").status_code == 401
        assert sign_in(application, ada.username).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_locked_after_ten(application: Application, ada: Client):
    statuses = at_once(30, lambda: sign_in(application, ada.username, "wrong").status_code)
    assert (statuses.count(401), statuses.count(429)) == (10, 20)
    assert sign_in(application, ada.username).status_code == 429


def test_a_new_password_ends_the_clients_tokens(application: Application, ada: Client):
    api = Api(access_token(application))
    client_api = Api(sign_in(application, ada.username).json()["access_token"])
    assert client_api.put(f"{CLIENTS}/{ada.pk}", {"first_name": "Ada"}).status_code == 200
    body = {"password": "another password", "current_password": PASSWORD}
    assert client_api.put(f"{CLIENTS}/{ada.pk}", body).status_code == 200
    assert client_api.get(CLIENTS).status_code == 401
    assert sign_in(application, ada.username).status_code == 401
    new_client_api = Api(
        sign_in(application, ada.username, "another password").json()["access_token"]
    )
    assert new_client_api.get(CLIENTS).status_code == 200
    assert api.delete(f"{CLIENTS}/{ada.pk}").status_code == 204
    assert new_client_api.get(CLIENTS).status_code == 401
    assert sign_in(application, ada.username, "another password").status_code == 401


def test_a_password_that_changes_while_a_token_is_asked_for(application: Application, ada: Client):
    before = Client.unscoped.get(pk=ada.pk)
    path, body = f"{CLIENTS}/{ada.pk}", {"password": "another password"}
    assert Api(access_token(application)).put(path, body).status_code == 200
    with pytest.raises(AuthenticationFailed):
        issue(application, client=before)
    assert not AccessToken.objects.filter(client=ada).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "root"), ("authorities", ["ROLE_ADMIN"]), ("group", ["staff"]),
        ("is_verified", True), ("is_active", False), ("status", "premium"),
        ("business_id", "00000000-0000-0000-0000-000000000001"), ("secondary_id", "other"),
        ("metadata", {"a": "b"}),
    ],
)  # fmt: skip
def test_a_client_cannot_change_protected_fields_of_its_own(
    application: Application, ada: Client, field: str, value: Any
):
    ClientFactory(tenant=ada.tenant, username="root")  # not for her to find out
    client_api = Api(access_token(application, client=ada))
    path = f"{CLIENTS}/{ada.pk}"
    response = client_api.put(path, {"first_name": "Augusta", field: value})
    assert response.status_code == 403
    assert field in response.data["message"]
    ada.refresh_from_db()
    assert ada.first_name is None
    assert client_api.delete(path).status_code == 403
    # The SDKs send whole objects: what stays the same is no change.
    same = client_api.get(path).data
    assert client_api.put(path, same | {"first_name": "Augusta"}).status_code == 200
