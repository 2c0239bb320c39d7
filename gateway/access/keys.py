"""Validation of the public keys that tenants upload to have JWTs verified."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core.exceptions import ValidationError

MINIMUM_BITS = 2048  # as Hydrogen required; shorter RSA keys can be factored


def validate_public_key(pem: str) -> None:
    """Check that `pem` is an RSA public key of at least 2048 bits. Raises ValidationError."""
    if "PRIVATE KEY" in pem:
        raise ValidationError("This is a private key. Keep it secret and upload the public key.")
    try:
        key = load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValidationError(
            "This is not a public key in PEM format. `openssl rsa -in private.pem -pubout` prints "
            "it."
        ) from None
    if not isinstance(key, RSAPublicKey):
        raise ValidationError("JWTs are signed with RS512; upload an RSA key.")
    if key.key_size < MINIMUM_BITS:
        raise ValidationError(
            f"The key has {key.key_size} bits; at least {MINIMUM_BITS} are required."
        )
