"""Many failed sign-ins slow guessing down, and lock nobody else out."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db.models import F

from gateway.access import password_grant
from gateway.access.models import Application, UsageWindow
from nucleus.models import Client
from tests.factories.access import ApplicationFactory
from tests.factories.nucleus import ClientFactory
from tests.gateway.access.test_password_grant import PASSWORD, sign_in


@pytest.fixture
def application(application: Application) -> Application:
    application.allow_passwords = True
    application.save()
    return application


@pytest.fixture
def ada(application: Application) -> Any:
    password = make_password(PASSWORD)
    return ClientFactory(tenant=application.tenant, username="Ada@demo", password=password)


def test_one_password_tried_on_many_names(
    application: Application, ada: Client, monkeypatch: pytest.MonkeyPatch
):
    """It becomes slow, and is no way to keep everybody out."""
    monkeypatch.setattr(password_grant, "FAILURES_OF_APPLICATION", 10)  # and then three a minute
    assert sign_in(application, ada.username).status_code == 200  # successes do not count
    statuses = [sign_in(application, f"name {n}").status_code for n in range(15)]
    assert statuses == [401] * 13 + [429] * 2
    refusal = sign_in(application, "name 14")
    assert 50 <= int(refusal["Retry-After"]) <= 60
    assert "end_user_address" in refusal.json()["message"]
    # Who has signed in lately is let through, and guessing on that name is limited as ever.
    assert [sign_in(application, ada.username).status_code for _ in range(3)] == [200] * 3
    wrong = [sign_in(application, ada.username, "wrong").status_code for _ in range(11)]
    assert wrong == [401] * 10 + [429]
    other = ApplicationFactory(tenant=application.tenant, allow_passwords=True)
    assert sign_in(other, "name 14").status_code == 401


def test_a_thousand_failures_lock_nobody_else_out(application: Application, ada: Client):
    """Neither a name that signs in for the first time, as long as guesses are not too fast."""
    UsageWindow.objects.create(key=f"logins:{application.pk}", started=time.time(), used=998)
    assert [sign_in(application, f"name {n}").status_code for n in range(50)] == [401] * 50
    for _ in range(500):  # success takes its count back
        assert sign_in(application, ada.username).status_code == 200
        UsageWindow.objects.filter(key__startswith=password_grant.SIGNED_IN_PREFIX).delete()


def test_sign_ins_are_accepted_again_after_a_minute(
    application: Application, ada: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(password_grant, "FAILURES_OF_APPLICATION", 2)
    names = (f"name {n}" for n in count())
    assert [sign_in(application, next(names)).status_code for _ in range(4)] == [401] * 3 + [429]
    assert sign_in(application, ada.username).status_code == 429
    UsageWindow.objects.update(started=F("started") - 60)
    assert sign_in(application, ada.username).status_code == 200
    old = UsageWindow.objects.filter(key__startswith=password_grant.SIGNED_IN_PREFIX)
    old.update(
        started=F("started") - password_grant.RECENT_SIGN_IN
    )  # that was too long ago to count
    assert [sign_in(application, next(names)).status_code for _ in range(2)] == [401, 429]
    assert sign_in(application, ada.username).status_code == 429


def test_failures_count_by_the_end_users_address_where_it_is_known(
    application: Application, ada: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(password_grant, "FAILURES_OF_ADDRESS", 4)
    monkeypatch.setattr(password_grant, "FAILURES_OF_APPLICATION", 4)
    attacker, else_where = {"end_user_address": "203.0.113.9"}, {"end_user_address": "203.0.113.10"}
    statuses = [sign_in(application, f"name {n}", **attacker).status_code for n in range(6)]
    assert statuses == [401] * 5 + [429]
    assert sign_in(application, ada.username, **attacker).status_code == 429
    assert sign_in(application, ada.username, **else_where).status_code == 200
    # From there too, now that she has signed in; and what was counted for it is not the whole
    # application's.
    assert sign_in(application, ada.username, **attacker).status_code == 200
    assert sign_in(application, "name").status_code == 401


def test_addresses_of_one_subscriber_count_together(
    application: Application, ada: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(password_grant, "FAILURES_OF_ADDRESS", 1)

    def attempt(name: str, address: str) -> int:
        status: int = sign_in(application, name, end_user_address=address).status_code
        return status

    assert attempt("a", "2001:db8::1") == 401
    assert attempt("b", "2001:DB8:0:0:ffff::2") == 401  # slowly
    assert attempt("c", "2001:db8::3") == 429
    assert attempt("d", "2001:db8:0:1::1") == 401
    assert attempt("e", "203.0.113.9") == 401
    assert attempt("f", "::ffff:203.0.113.9") == 401
    assert attempt("g", "203.0.113.9") == 429


@pytest.mark.parametrize(
    "address", ["nonsense", "203.0.113.9, 203.0.113.10", "1", "fe80::1%eth0" * 9]
)
def test_an_invalid_address_is_refused(application: Application, ada: Client, address: str):
    response = sign_in(application, ada.username, end_user_address=address)
    assert response.status_code == 400
    assert "end_user_address" in response.json()["errors"]


def test_spellings_of_a_name_share_its_count(application: Application, ada: Client):
    spellings = [
        "Ada@demo", "ada@demo", "ADA@DEMO", " Ada@demo", "Ada@demo\t", "A\u200bda@demo",
        "\uff21da@demo", "Ada@demo\0", "Ada\uff20demo", "A\u00adda@demo",
    ]  # fmt: skip
    statuses = [sign_in(application, spelling, "wrong").status_code for spelling in spellings]
    assert statuses == [401] * 10
    assert sign_in(application, ada.username).status_code == 429
    dotless = [
        sign_in(application, name, "x").status_code for name in ["vIctim", "v\u0131ctim"] * 6
    ]
    assert dotless == [401] * 10 + [429] * 2


def test_failed_sign_ins_use_up_no_tokens(application: Application, ada: Client, settings: Any):
    settings.TOKEN_RATE_LIMIT_PER_MINUTE = 5
    statuses = [sign_in(application, f"name {n}").status_code for n in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert [sign_in(application, ada.username).status_code for _ in range(6)] == [200] * 5 + [429]
