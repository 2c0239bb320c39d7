"""Hashing of generated client secrets."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class GeneratedSecretHasher(PBKDF2PasswordHasher):
    """PBKDF2 with few rounds.

    Client secrets are long random strings, so stretching adds nothing against guessing, while the
    default million rounds would cost every token call half a second of CPU.
    """

    algorithm = "pbkdf2_sha256_generated"
    iterations = 1000
