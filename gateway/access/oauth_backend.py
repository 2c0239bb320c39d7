"""How the OAuth library authenticates applications here."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import check_password
from django.http import HttpRequest
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request as OAuthRequest

from gateway.access.hashers import GeneratedSecretHasher
from gateway.access.models import Application

NOBODYS_SECRET = GeneratedSecretHasher().encode("not a secret", "0" * 22)


class OneWayValidator(OAuth2Validator):
    """Authenticates by Basic or by form, never by one after the other failed (RFC 6749 section
    2.3); so `request.client_id` stays the client id that was sent."""

    def authenticate_client(self, request: OAuthRequest, *args: Any, **kwargs: Any) -> bool:
        if self._extract_basic_auth(request):
            try:
                return bool(self._authenticate_basic_auth(request))
            except ValueError:  # the library expects ASCII there
                return False
        return bool(self._authenticate_request_body(request))

    def _load_application(self, client_id: str, request: OAuthRequest) -> Application | None:
        """The application, if tokens may be issued to it and it has a secret to prove itself with;
        the library lets public ones off for some grants.

        Whether there is one must not show: what it lacks in queries and hashing is done all the
        same.
        """
        request.client_id = client_id
        rows = Application.objects.select_related("tenant")
        known = (client_id or "").isprintable()  # PostgreSQL takes no NUL
        rows = rows.exclude(client_type=Application.CLIENT_PUBLIC)
        application = rows.filter(client_id=client_id if known else "").first()
        if application is not None and application.is_usable(request):
            request.client = application
            return application
        check_password("", NOBODYS_SECRET)
        return None


class PathOnlyBackend(OAuthLibCore):
    """The OAuth library without sight of queries: no client secret is ever read from a URL."""

    def _get_escaped_full_path(self, request: HttpRequest) -> str:
        return request.path

    def authenticate(self, request: HttpRequest) -> tuple[str, Application | None]:
        """The client id that the request names, and its application if the secret is right."""
        uri, method, body, headers = self._extract_params(request)
        sent = OAuthRequest(uri, method, body, headers)
        is_proved = self.server.request_validator.authenticate_client(sent)
        return sent.client_id or "", sent.client if is_proved else None
