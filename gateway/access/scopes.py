"""Scopes of access tokens."""

from __future__ import annotations

from typing import Any

SCOPES = {
    "create": "Create records and start work",
    "read": "Read records; account numbers are masked",
    "update": "Change records",
    "delete": "Delete records",
    "account_numbers": "See full account and routing numbers",
}
ALL_SCOPES = tuple(SCOPES)


class ApplicationScopes:
    """Scopes backend of the OAuth library: a token has no scope that its application lacks."""

    def get_all_scopes(self) -> dict[str, str]:
        return SCOPES

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        if application is None:
            return list(ALL_SCOPES)
        return [scope for scope in application.scopes.split() if scope in SCOPES]

    def get_default_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return self.get_available_scopes(application, request)
