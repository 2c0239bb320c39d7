"""The second factor of staff: enrolment, checks, recovery codes and resetting."""

from __future__ import annotations

import secrets
import time
from typing import Any

import pyotp
import segno
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from gateway.access.staff_models import CodeGenerator, RecoveryCode

STEP_SECONDS = 30
TOLERATED_STEPS = 1  # before and after the present one, because clocks differ
CODE_DIGITS = 6
RECOVERY_CODES = 10
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read as something else
RECOVERY_LENGTH = 12
SALT = "gateway.access.second_factor"
ISSUER = "Integration gateway"


def is_required() -> bool:
    """Whether staff without a second factor may open nothing but the page that sets one up."""
    return bool(settings.STAFF_SECOND_FACTOR == "required")


def confirmed(user: User) -> CodeGenerator | None:
    """The second factor that the user has to enter a code of; None if there is none."""
    return CodeGenerator.objects.filter(user=user.pk, confirmed_at__isnull=False).first()


@transaction.atomic
def begin_enrolment(user: User) -> CodeGenerator:
    """A new generator, which the user is about to confirm; an unconfirmed one is replaced."""
    CodeGenerator.objects.filter(user=user.pk, confirmed_at=None).delete()
    row = CodeGenerator(user=user, secret=pyotp.random_base32())
    row.save()
    return row


def unconfirmed(user: User) -> CodeGenerator | None:
    """The generator of an enrolment that was begun."""
    return CodeGenerator.objects.filter(user=user.pk, confirmed_at=None).first()


def address(row: CodeGenerator, user: User) -> str:
    """What the QR code contains. It has the secret."""
    totp = pyotp.TOTP(row.secret, digits=CODE_DIGITS, interval=STEP_SECONDS)
    return str(totp.provisioning_uri(name=user.get_username(), issuer_name=ISSUER))


def qr_code(text: str) -> str:
    """An image of the text, as a data URI; drawn here, because nobody else may see it."""
    return str(segno.make(text, error="m").svg_data_uri(scale=5, border=4, light="#fff"))


@transaction.atomic
def confirm(user: User, code: str) -> list[str]:
    """End the enrolment if the code is right. Returns new recovery codes; none if it is wrong."""
    row = CodeGenerator.objects.select_for_update().filter(user=user.pk, confirmed_at=None).first()
    if row is None or not _accept(row, code):
        return []
    CodeGenerator.objects.filter(pk=row.pk).update(confirmed_at=timezone.now())
    return new_recovery_codes(user)


@transaction.atomic
def check(user: User, code: str) -> bool:
    """Whether the code of the app, or a recovery code, is right; each is accepted once."""
    row = CodeGenerator.objects.select_for_update().filter(user=user.pk).first()
    if row is None or row.confirmed_at is None:
        return False
    return _accept(row, code) or _use_recovery_code(user, code)


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Replace the user's recovery codes. Only hashes are stored: show them once."""
    RecoveryCode.objects.filter(user=user.pk).delete()
    codes = [
        "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=_digest(code)) for code in codes
    )
    half = RECOVERY_LENGTH // 2
    return [f"{code[:half]}-{code[half:]}" for code in codes]


def unused_recovery_codes(user: User) -> int:
    """How many recovery codes are left."""
    return RecoveryCode.objects.filter(user=user.pk, used_at=None).count()


@transaction.atomic
def reset(user: User) -> bool:
    """Remove the second factor with its recovery codes. Returns whether there was one."""
    RecoveryCode.objects.filter(user=user.pk).delete()
    return CodeGenerator.objects.filter(user=user.pk).delete()[0] > 0


def _accept(row: CodeGenerator, code: str) -> bool:
    """Whether the code belongs to a step after the last accepted one, which it then becomes."""
    code = "".join(code.split())
    if len(code) != CODE_DIGITS or not (code.isascii() and code.isdecimal()):
        return False
    totp: Any = pyotp.TOTP(row.secret, digits=CODE_DIGITS, interval=STEP_SECONDS)
    now = int(time.time()) // STEP_SECONDS
    for step in range(now - TOLERATED_STEPS, now + TOLERATED_STEPS + 1):
        is_right = secrets.compare_digest(totp.at(step * STEP_SECONDS), code)
        if is_right and step > row.last_step:
            CodeGenerator.objects.filter(pk=row.pk).update(last_step=step)
            return True
    return False


def _use_recovery_code(user: User, code: str) -> bool:
    unused = RecoveryCode.objects.filter(user=user.pk, digest=_digest(code), used_at=None)
    return unused.update(used_at=timezone.now()) == 1


def _digest(code: str) -> str:
    plain = "".join(code.lower().split()).replace("-", "")
    return salted_hmac(SALT, plain, algorithm="sha256").hexdigest()
