"""Encrypted columns: Fernet ciphertext bound to the row and column it was written for.

Keys come from `settings.FIELD_ENCRYPTION_KEYS`, newest first; old keys only decrypt. A value moved
to another row or column, or one whose key is gone, fails to decrypt and never falls back to
anything readable. Decryption is lazy, so listing rows costs nothing.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.expressions import BaseExpression


class DecryptionFailed(Exception):
    """A stored secret cannot be decrypted with the configured keys."""


@cache
def _key_ring(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is empty; see docs/configuration.md.")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS must be url-safe base64 of 32 bytes, comma separated."
        ) from error


def encrypt(plain: str, *, context: str) -> str:
    """Ciphertext of `plain` that only decrypts for the same `context` (table:column:pk)."""
    ring = _key_ring(tuple(settings.FIELD_ENCRYPTION_KEYS))
    return ring.encrypt(json.dumps([context, plain]).encode()).decode()


def decrypt(ciphertext: str, *, context: str) -> str:
    """The plain text. Raises DecryptionFailed for a wrong key, damage, or another row's value."""
    ring = _key_ring(tuple(settings.FIELD_ENCRYPTION_KEYS))
    try:
        bound_to, plain = json.loads(ring.decrypt(ciphertext.encode()))
    except (InvalidToken, ValueError) as error:
        raise DecryptionFailed(f"{context.rsplit(':', 1)[0]} cannot be decrypted") from error
    if bound_to != context:
        raise DecryptionFailed(f"{context.rsplit(':', 1)[0]} holds another row's value")
    return str(plain)


def reencrypted(ciphertext: str) -> Ciphertext | None:
    """The same value under the newest key; None if it is already. Raises DecryptionFailed."""
    keys = tuple(settings.FIELD_ENCRYPTION_KEYS)
    token = ciphertext.encode()
    try:
        _key_ring(keys[:1]).decrypt(token)
    except InvalidToken:
        pass
    else:
        return None
    try:
        return Ciphertext(_key_ring(keys).rotate(token).decode())
    except InvalidToken as error:
        raise DecryptionFailed("No configured key decrypts the value.") from error


class Ciphertext(str):
    """What the database holds; the descriptor turns it into plain text on access."""

    __slots__ = ()


class _Decrypting:
    """Attribute access on a model instance: plain text out, plain text in."""

    def __init__(self, field: EncryptedTextField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        if instance is None:
            return self
        if self.field.attname not in instance.__dict__:  # deferred
            instance.refresh_from_db(fields=[self.field.attname])
        value = instance.__dict__[self.field.attname]
        if isinstance(value, Ciphertext):
            return decrypt(value, context=self.field.context(instance))
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


def blank_unreadable(row: models.Model) -> list[str]:
    """Set what cannot be decrypted to null, for showing the rest of the row.

    Never save such a row: what could not be decrypted would be lost.

    Returns:
        The names of these fields.
    """
    names = []
    for field in row._meta.fields:
        if isinstance(field, EncryptedTextField):
            try:
                getattr(row, field.attname)
            except DecryptionFailed:
                setattr(row, field.attname, None)
                names.append(field.attname)
    return names


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """A text column whose content is encrypted at rest; empty and null stay as they are.

    The row needs its primary key before it is saved (UUID defaults have one). Rows are written
    through the model (`save`, `bulk_create`); `QuerySet.update` and filters are refused because
    they would store or compare plain text.
    """

    def context(self, instance: models.Model) -> str:
        return f"{instance._meta.db_table}:{self.column}:{instance.pk}"

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:  # noqa: FBT001, FBT002
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, name, _Decrypting(self))

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return Ciphertext(value) if value else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001
        value = model_instance.__dict__[self.attname]
        if isinstance(value, Ciphertext) or not value:
            return value
        return Ciphertext(encrypt(str(value), context=self.context(model_instance)))

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value and not isinstance(value, Ciphertext | BaseExpression):
            raise TypeError(f"{self.name} is encrypted; write it through its model instance")
        return super().get_db_prep_save(value, connection)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted and cannot be searched")
        return super().get_lookup(lookup_name)
