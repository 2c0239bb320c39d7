"""Forgetting tokens that expired."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from gateway.access.models import AccessToken

KEPT = timedelta(days=1)  # for people who look into what happened


def prune(batch: int) -> int:
    """Delete at most `batch` access tokens that expired a day ago; how many."""
    expired = AccessToken.objects.filter(expires__lt=timezone.now() - KEPT)
    ids = list(expired.values_list("pk", flat=True)[:batch])
    return AccessToken.objects.filter(pk__in=ids).delete()[0] if ids else 0
