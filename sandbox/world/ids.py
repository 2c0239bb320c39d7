"""Ids: the same for the same parts, and new ones that only the seed and their order decide."""

from __future__ import annotations

import hashlib
import uuid
from functools import lru_cache

from django.db import transaction
from django.db.models import F

from sandbox.world.models import World

NAMESPACE = uuid.UUID("6f1f3c52-6a0e-4a0c-9a52-5d8f2a1f7a11")


@lru_cache(maxsize=65_536)  # imports name the same rows again and again
def guid(prefix: str, *parts: object) -> str:
    """The same id for the same parts."""
    name = ":".join(str(part) for part in parts).encode()
    digest = bytearray(hashlib.sha1(NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x50, digest[8] & 0x3F | 0x80
    text = digest.hex()  # as uuid.uuid5 makes it, at a third of the cost
    return f"{prefix}-{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new(prefix: str) -> str:
    """An id that no call gave before; the same in the same order after a reset with one seed."""
    with transaction.atomic():
        World.objects.update(serial=F("serial") + 1)
        world = World.load()
    return guid(prefix, world.seed, world.serial)
