"""Banks and other sources of accounts, shared by all tenants."""

from __future__ import annotations

from django.db import models

from nucleus.models.base import Record


class Institution(Record):
    """A financial institution. `code` is the vendor's; institutions are public knowledge."""

    name = models.CharField(max_length=255)
    code = models.CharField(max_length=255, unique=True)
    website_url = models.CharField(max_length=2000, null=True, blank=True)
    logo_url_small = models.CharField(max_length=2000, null=True, blank=True)
    logo_url_medium = models.CharField(max_length=2000, null=True, blank=True)

    def __str__(self) -> str:
        return self.name
