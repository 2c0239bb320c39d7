"""Every encrypted column: bound to its row and column, readable with its key only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, models
from pytest_django.fixtures import Settings

from gateway.access.models import IdempotencyKey
from gateway.access.staff_models import CodeGenerator
from integrations.models import (
    AggregationSettings,
    Member,
    VendorCredential,
    VendorUser,
    WebhookSubscription,
)
from nucleus.encryption import Ciphertext, DecryptionFailed, EncryptedTextField
from nucleus.models import AggregationAccount, BankLink, Business, Client
from tests.factories.access import ApplicationFactory
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BankLinkFactory,
    BusinessFactory,
    ClientFactory,
    TenantFactory,
)

pytestmark = pytest.mark.django_db
SECRET = "canary 078051120"


def credential(**secrets: str) -> VendorCredential:
    tenant: Any = TenantFactory()
    return VendorCredential.unscoped.create(tenant=tenant, client_id="id", **secrets)


def aggregation(**secrets: str) -> AggregationSettings:
    tenant: Any = TenantFactory()
    return AggregationSettings.unscoped.create(tenant=tenant, **secrets)


def member(**secrets: str) -> Member:
    client: Any = ClientFactory()
    user = VendorUser.unscoped.create(
        tenant=client.tenant, client=client, vendor="mx", identifier="x"
    )
    return Member.unscoped.create(
        tenant=client.tenant, vendor_user=user, vendor_member_id="MBR-1", **secrets
    )


def webhook(**secrets: str) -> WebhookSubscription:
    tenant: Any = TenantFactory()
    return WebhookSubscription.unscoped.create(tenant=tenant, url="https://x", **secrets)


def idempotency_key(**secrets: str) -> IdempotencyKey:
    application: Any = ApplicationFactory()
    moment = datetime(2099, 1, 1, tzinfo=UTC)
    return IdempotencyKey.objects.create(application=application, expires_at=moment, **secrets)


def code_generator(**secrets: str) -> CodeGenerator:
    user = User.objects.create(username=f"staff-{User.objects.count()}")
    return CodeGenerator.objects.create(user=user, **secrets)


MAKERS: dict[type[models.Model], Callable[..., Any]] = {
    AggregationAccount: AggregationAccountFactory,
    AggregationSettings: aggregation,
    BankLink: BankLinkFactory,
    Business: BusinessFactory,
    Client: ClientFactory,
    CodeGenerator: code_generator,
    IdempotencyKey: idempotency_key,
    Member: member,
    VendorCredential: credential,
    WebhookSubscription: webhook,
}


def encrypted(model: type[models.Model]) -> list[EncryptedTextField]:
    return [field for field in model._meta.local_fields if isinstance(field, EncryptedTextField)]


COLUMNS = [(model, field.column) for model in MAKERS for field in encrypted(model)]
NAMES = [f"{model.__name__}.{column}" for model, column in COLUMNS]


def made(model: type[models.Model]) -> models.Model:
    """A row with a secret of its own in every encrypted column."""
    names = [field.name for field in encrypted(model)]
    row: models.Model = MAKERS[model](**{name: f"{SECRET} {name}" for name in names})
    return row


def manager(model: type[models.Model]) -> Any:
    return getattr(model, "unscoped", model._default_manager)


def read(row: models.Model, column: str) -> str:
    return str(getattr(manager(type(row)).get(pk=row.pk), column))


def ciphertext(row: models.Model, column: str) -> str:
    value = manager(type(row)).get(pk=row.pk).__dict__[column]
    assert isinstance(value, Ciphertext)
    return str(value)


def plant(row: models.Model, column: str, value: str) -> None:
    """Change the table behind the product's back."""
    table = row._meta.db_table
    key = row._meta.pk
    assert key is not None
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {column} = %s WHERE {key.column} = %s",  # noqa: S608 - our names
            [value, key.get_db_prep_value(row.pk, connection)],
        )
        assert cursor.rowcount == 1


def refused(row: models.Model, column: str) -> bool:
    with pytest.raises(DecryptionFailed) as error:
        read(row, column)
    return SECRET not in str(error.value)


def test_every_model_with_encrypted_columns_is_tested() -> None:
    assert {model for model in apps.get_models() if encrypted(model)} == MAKERS.keys()


@pytest.mark.parametrize(("model", "column"), COLUMNS, ids=NAMES)
def test_a_value_can_be_decrypted_in_its_own_place_only(
    model: type[models.Model], column: str
) -> None:
    row, other = made(model), made(model)
    own = ciphertext(row, column)
    assert SECRET not in own
    assert read(row, column) == f"{SECRET} {column}"
    middle = len(own) // 2
    changed = own[:middle] + ("A" if own[middle] != "A" else "B") + own[middle + 1 :]
    other_ciphertexts = [ciphertext(row, field.column) for field in encrypted(model)]
    other_ciphertexts.remove(own)
    for value in (ciphertext(other, column), *other_ciphertexts, changed, SECRET, own[:-4], "{}"):
        plant(row, column, value)
        assert refused(row, column)
    plant(row, column, own)
    assert read(row, column) == f"{SECRET} {column}"


@pytest.mark.parametrize(("model", "column"), COLUMNS, ids=NAMES)
def test_it_is_neither_searched_nor_updated(model: type[models.Model], column: str) -> None:
    row = made(model)
    for lookup in ("", "__startswith", "__contains", "__regex", "__in", "__gt"):
        with pytest.raises(TypeError):
            manager(model).filter(**{f"{column}{lookup}": [SECRET]}).exists()
    with pytest.raises(TypeError):
        manager(model).filter(pk=row.pk).update(**{column: SECRET})


def test_keys_are_changed_without_a_gap(settings: Settings) -> None:
    rows = [made(model) for model in MAKERS]
    old, new = settings.FIELD_ENCRYPTION_KEYS, Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert all(refused(row, field.column) for row in rows for field in encrypted(type(row)))
    settings.FIELD_ENCRYPTION_KEYS = [new, *old]
    call_command("rotate_keys", stdout=StringIO())
    settings.FIELD_ENCRYPTION_KEYS = [new]
    for row in rows:
        for field in encrypted(type(row)):
            assert read(row, field.column) == f"{SECRET} {field.name}"
    settings.FIELD_ENCRYPTION_KEYS = old
    assert all(refused(row, field.column) for row in rows for field in encrypted(type(row)))


def test_the_doctor_names_a_lost_key(settings: Settings) -> None:
    credential(secret=SECRET)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    output = StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=output)
    assert "restore its key in FIELD_ENCRYPTION_KEYS" in output.getvalue()
    assert SECRET not in output.getvalue()
