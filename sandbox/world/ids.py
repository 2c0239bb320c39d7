"""Ids: the same for the same parts, and new ones that only the seed and their order decide."""

from __future__ import annotations

import uuid
from functools import lru_cache

from django.db import transaction
from django.db.models import F

from sandbox.world.models import World

NAMESPACE = uuid.UUID("6f1f3c52-6a0e-4a0c-9a52-5d8f2a1f7a11")


@lru_cache(maxsize=65_536)  # imports name the same rows again and again
def guid(prefix: str, *parts: object) -> str:
    """The same id for the same parts."""
    return f"{prefix}-{uuid.uuid5(NAMESPACE, ':'.join(str(part) for part in parts))}"


def new(prefix: str) -> str:
    """An id that no call gave before; the same in the same order after a reset with one seed."""
    with transaction.atomic():
        World.objects.update(serial=F("serial") + 1)
        world = World.load()
    return guid(prefix, world.seed, world.serial)
