"""Encrypted columns: unreadable, bound to their row, failing closed, rotatable."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from nucleus.encryption import DecryptionFailed
from nucleus.models import BankLink
from nucleus.scoping import TenantRequired
from tests.factories.nucleus import BankLinkFactory

pytestmark = pytest.mark.django_db
NUMBER = "100012345678"


def raw(link: BankLink) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bank_account_number FROM nucleus_banklink WHERE mask = %s", [link.mask]
        )
        return str(cursor.fetchone()[0])


def test_the_table_has_no_plain_number():
    link = BankLinkFactory(bank_account_number=NUMBER)
    assert NUMBER not in raw(link)
    assert BankLink.unscoped.get(pk=link.pk).bank_account_number == NUMBER


def test_a_ciphertext_of_another_row_is_refused():
    first, second = BankLinkFactory(mask="0001"), BankLinkFactory(mask="0002")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE nucleus_banklink SET bank_account_number = %s WHERE mask = '0002'", [raw(first)]
        )
    with pytest.raises(DecryptionFailed) as refused:
        _ = BankLink.unscoped.get(pk=second.pk).bank_account_number
    assert NUMBER not in str(refused.value)


def test_without_the_key_nothing_is_readable(settings: Any):
    link = BankLinkFactory()
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(DecryptionFailed):
        _ = BankLink.unscoped.get(pk=link.pk).bank_account_number


def test_keys_rotate(settings: Any):
    link = BankLinkFactory(bank_account_number=NUMBER)
    old, new = settings.FIELD_ENCRYPTION_KEYS, Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, *old]
    output = StringIO()
    call_command("rotate_keys", stdout=output)
    assert "nucleus.BankLink: 1 rows" in output.getvalue()
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert BankLink.unscoped.get(pk=link.pk).bank_account_number == NUMBER


def test_updates_and_lookups_of_encrypted_columns_are_refused():
    link = BankLinkFactory()
    with pytest.raises(TypeError):
        BankLink.unscoped.filter(pk=link.pk).update(bank_account_number=NUMBER)
    with pytest.raises(TypeError):
        BankLink.unscoped.filter(bank_account_number=NUMBER).exists()


def test_bulk_creation_encrypts_too():
    link = BankLinkFactory.build(tenant=BankLinkFactory().tenant)
    link.client = BankLinkFactory(mask="0003").client
    link.mask = "0009"
    BankLink.unscoped.bulk_create([link])
    assert "100012345678" not in raw(link)


def test_a_query_without_a_tenant_is_refused():
    with pytest.raises(TenantRequired):
        BankLink.objects.count()


def test_every_value_is_checked(settings: Any):
    BankLinkFactory(bank_account_number=NUMBER)
    output = StringIO()
    call_command("check_encryption", stdout=output)
    assert "All 2 values are readable." in output.getvalue()
    assert NUMBER not in output.getvalue()
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="2 values cannot be decrypted"):
        call_command("check_encryption", stdout=output)
    assert "0 of 1 values" in output.getvalue()
