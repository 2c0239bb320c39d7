"""What Nucleus needs from the packages above it: functions named by dotted paths in settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.module_loading import import_string

from nucleus.models import Client

if TYPE_CHECKING:
    from nucleus.caller import Caller


def client_created(client: Client) -> None:
    """Called in the transaction that creates the client."""
    import_string(settings.NUCLEUS_CLIENT_CREATED)(client)


def password_changed(client: Client) -> None:
    """Called in the transaction that changes the password: revokes the client's tokens."""
    import_string(settings.NUCLEUS_PASSWORD_CHANGED)(client)


def is_own_password(caller: Caller, password: str) -> bool:
    """Whether this is the password of the client that the caller's token is confined to."""
    return bool(import_string(settings.NUCLEUS_IS_OWN_PASSWORD)(caller, password))


def erase_client(client: Client, *, requested_by: str) -> None:
    """Deactivate the client and enqueue its erasure.

    Args:
        requested_by: the name of the application, or which member of staff.
    """
    import_string(settings.NUCLEUS_CLIENT_ERASED)(client, requested_by=requested_by)
