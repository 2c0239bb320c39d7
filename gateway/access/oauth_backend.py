"""How the OAuth library authenticates applications."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import check_password
from django.http import HttpRequest
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request as OAuthRequest

from gateway.access.hashers import GeneratedSecretHasher
from gateway.access.models import Application

DUMMY_SECRET = GeneratedSecretHasher().encode("not a secret", "0" * 22)


class SingleMethodValidator(OAuth2Validator):
    """Authenticates by HTTP Basic or by form, and does not try the form after Basic has failed.

    Source: RFC 6749, section 2.3. So `request.client_id` stays the client id that was sent.
    """

    def authenticate_client(self, request: OAuthRequest, *args: Any, **kwargs: Any) -> bool:
        if self._extract_basic_auth(request):
            try:
                return bool(self._authenticate_basic_auth(request))
            except ValueError:  # not ASCII, which the library expects
                return False
        return bool(self._authenticate_request_body(request))

    def _load_application(self, client_id: str, request: OAuthRequest) -> Application | None:
        """The confidential application with this client id, if tokens may be issued to it.

        Public applications have no secret, and the library does not ask them for one for some
        grants. The response must take the same time whether or not the application exists, so the
        queries and the hashing are done in both cases.
        """
        request.client_id = client_id
        rows = Application.objects.select_related("tenant")
        is_storable = (client_id or "").isprintable()  # PostgreSQL refuses NUL
        rows = rows.exclude(client_type=Application.CLIENT_PUBLIC)
        application = rows.filter(client_id=client_id if is_storable else "").first()
        if application is not None and application.is_usable(request):
            request.client = application
            return application
        check_password("", DUMMY_SECRET)
        return None


class PathOnlyBackend(OAuthLibCore):
    """Hides the query from the OAuth library, so that it reads no client secret from a URL."""

    def _get_escaped_full_path(self, request: HttpRequest) -> str:
        return request.path

    def authenticate(self, request: HttpRequest) -> tuple[str, Application | None]:
        """The client id in the request, and the application if the secret is correct."""
        uri, method, body, headers = self._extract_params(request)
        oauth_request = OAuthRequest(uri, method, body, headers)
        is_authenticated = self.server.request_validator.authenticate_client(oauth_request)
        application = oauth_request.client if is_authenticated else None
        return oauth_request.client_id or "", application
