"""The page that re-encrypts all rows under the newest key."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.test import Client as HttpClient
from pytest_django.fixtures import Settings

from gateway.admin import encryption_page
from nucleus.models import BankLink
from nucleus.writes import key_rotation
from tests.factories.nucleus import BankLinkFactory
from tests.gateway.admin.conftest import Staff

PATH = "/admin/encryption_keys/"
HIDDEN = re.compile(
    r'<input type="hidden" name="(table|after|read|changed|failed)" value="([^"]*)"'
)
NUMBER = "100012345678"


def press(http: HttpClient, page: str = "") -> str:
    return http.post(PATH, dict(HIDDEN.findall(page))).content.decode()


def test_rows_are_re_encrypted_press_by_press(
    superuser: HttpClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    links: list[Any] = [BankLinkFactory(bank_account_number=NUMBER) for _ in range(5)]
    dates = {link.pk: link.update_date for link in BankLink.unscoped.all()}
    old, new = settings.FIELD_ENCRYPTION_KEYS, Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, *old]
    monkeypatch.setattr(encryption_page, "SECONDS", 0.0)  # one batch each
    monkeypatch.setattr(key_rotation, "BATCH", 2)
    page, presses = superuser.get(PATH).content.decode(), 0
    assert "first of 2 keys" in page
    page = press(superuser)
    assert "Continue" in page
    while "Finished" not in page:
        presses += 1
        assert presses < 50
        page = press(superuser, page)
    assert re.search(r"(\d+) of \1 rows read, \d+ re-encrypted", page)
    settings.FIELD_ENCRYPTION_KEYS = [new]
    for link in links:
        row = BankLink.unscoped.get(pk=link.pk)
        assert row.bank_account_number == NUMBER
        assert row.update_date == dates[link.pk]
    messages = list(LogEntry.objects.values_list("change_message", flat=True))
    assert any("Finished the rotation" in message for message in messages)
    settings.FIELD_ENCRYPTION_KEYS = [new, *old]
    monkeypatch.setattr(encryption_page, "SECONDS", 8.0)
    assert ", 0 re-encrypted" in press(superuser)  # again


def test_unreadable_values_are_counted_and_kept(superuser: HttpClient, settings: Settings):
    link: Any = BankLinkFactory(bank_account_number=NUMBER)
    old = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    page = press(superuser)
    assert "1 rows have values that no configured key decrypts" in page
    assert "Finished" not in page
    settings.FIELD_ENCRYPTION_KEYS = old
    assert BankLink.unscoped.get(pk=link.pk).bank_account_number == NUMBER


def test_only_administrators_rotate_keys(db: Any, staff: Staff):
    other = staff("integrations.change_vendorcredential")
    assert other.get(PATH).status_code == 403
    assert other.post(PATH).status_code == 403
    bound = staff("auth.change_user", name="bound", tenants=[])
    assert bound.post(PATH).status_code == 403
    administrator = staff("auth.change_user", name="administrator")
    assert administrator.get(PATH).status_code == 200


@pytest.mark.parametrize(
    "body", [{"table": "-1"}, {"table": "x"}, {"table": "0", "after": "nonsense"}, {"read": "-5"}]
)
def test_a_forged_position_is_refused(superuser: HttpClient, body: dict[str, str]):
    assert superuser.post(PATH, body).status_code == 400
