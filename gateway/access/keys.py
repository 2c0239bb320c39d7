"""Public keys of client tokens: what a tenant may upload."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core.exceptions import ValidationError

MINIMUM_BITS = 2048  # what Hydrogen asked for; RS512 with less is guessable


def validate_public_key(pem: str) -> None:
    """Raises ValidationError unless `pem` is an RSA public key of 2048 bits or more."""
    if "PRIVATE KEY" in pem:
        raise ValidationError("This is a private key. Keep it; upload its public half.")
    try:
        key = load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValidationError(
            "This is no public key in PEM. `openssl rsa -in private.pem -pubout` prints it."
        ) from None
    if not isinstance(key, RSAPublicKey):
        raise ValidationError("Client tokens are signed with RS512: upload an RSA key.")
    if key.key_size < MINIMUM_BITS:
        raise ValidationError(f"The key has {key.key_size} bits; it needs {MINIMUM_BITS} or more.")
