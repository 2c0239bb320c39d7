"""Password hasher for generated client secrets."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class GeneratedSecretHasher(PBKDF2PasswordHasher):
    """PBKDF2 with few iterations.

    Client secrets are long random strings, so many iterations add no protection against guessing,
    while Django's default million would cost every token call half a second of CPU time.
    """

    algorithm = "pbkdf2_sha256_generated"
    iterations = 1000
