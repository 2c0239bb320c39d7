"""Rotation of encryption keys as a page: a button re-encrypts some rows and shows how far it is."""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from nucleus.admin import tenant_access
from nucleus.models import Tenant
from nucleus.writes import key_rotation
from nucleus.writes.key_rotation import Position

logger = logging.getLogger(__name__)
SECONDS = 8.0  # of work at one press


class PositionForm(forms.Form):
    """Where the last press ended; the page holds it, so that nothing else has to."""

    table = forms.IntegerField(min_value=0, max_value=1000, required=False)
    after = forms.CharField(max_length=64, required=False)
    read = forms.IntegerField(min_value=0, required=False)
    changed = forms.IntegerField(min_value=0, required=False)
    failed = forms.IntegerField(min_value=0, required=False)

    def position(self) -> Position:
        """Raises BadRequest for what no page has sent."""
        if not self.is_valid():
            raise BadRequest("The position is malformed. Start again.")
        values = {name: value for name, value in self.cleaned_data.items() if value}
        return Position(**values)


def may_rotate(request: HttpRequest) -> bool:
    """Administrators: those who may change staff, and see all tenants."""
    user = request.user
    return user.has_perm("auth.change_user") and tenant_access.sees_all_tenants(user)


@require_http_methods(["GET", "HEAD", "POST"])
def view(request: HttpRequest) -> HttpResponse:
    """A GET shows the keys' number; a POST goes on with the rotation for some seconds."""
    if not may_rotate(request):
        raise PermissionDenied
    position, started = Position(), request.method == "POST"
    if started:
        position = PositionForm(request.POST).position()
        is_first = position == Position()
        try:
            position = key_rotation.rotate(position, seconds=SECONDS)
        except ValidationError:
            raise BadRequest("The position is malformed. Start again.") from None
        if is_first or position.is_finished:
            _record(request, position)
    total = key_rotation.count_rows()
    context = admin.site.each_context(request) | {
        "title": "Encryption keys",
        "keys": len(settings.FIELD_ENCRYPTION_KEYS),
        "position": position,
        "started": started,
        "total": max(total, position.read),
    }
    return TemplateResponse(request, "admin/encryption_keys.html", context)


def _record(request: HttpRequest, position: Position) -> None:
    """One entry when a rotation begins and one when it ends, at the user who does it."""
    state = "Finished" if position.is_finished else "Began"
    message = f"{state} the rotation of encryption keys: {position.changed} rows re-encrypted."
    user: Any = request.user
    screen: Any = admin.site._registry[Tenant]  # noqa: SLF001 - has no public name
    screen.log_change(request, user, message)
    logger.info("Staff %a: %s", user.get_username(), message)
