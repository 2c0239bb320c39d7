"""Creates and resets the world."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction

from sandbox.world import clock, scheduler
from sandbox.world.models import (
    BankAccount,
    BankEvent,
    BankLogin,
    Delivery,
    ObjectRevision,
    User,
    Webhook,
    World,
)  # fmt: skip
from sandbox.world.rules import RULES


def load_or_create() -> None:
    """Load the world from the database, or create it."""
    World.objects.get_or_create(defaults={"seed": settings.SEED or secrets.token_hex(8)})
    clock.load()


def reset(seed: str, moment: datetime | None) -> None:
    """Delete everything. The same seed, moment and calls give the same ids and data again."""
    with scheduler.world_lock, transaction.atomic():
        # Webhooks first, so that nothing reports what is deleted after them.
        for model in (
            Webhook, Delivery, ObjectRevision, User, BankEvent, BankAccount, BankLogin,
        ):  # fmt: skip
            model._default_manager.all().delete()
        World.objects.update(seed=seed or secrets.token_hex(8), serial=0)
        clock.reset(moment)
        RULES.restore()
