"""POST /webhooks/{vendor}/{path}: where vendors tell us that something has happened.

Kept lean: authenticate, one transaction, 202. What follows is a job's.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress

from rest_framework.exceptions import AuthenticationFailed, NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from integrations.flows import inbox
from integrations.models import AggregationSettings

REALM = 'Basic realm="webhooks"'


class VendorWebhookView(APIView):
    """The URL, user and secret are on the Settings screen; staff paste them at the vendor."""

    authentication_classes = ()
    permission_classes = ()
    schema = None  # not for the tenant's applications

    def get_authenticate_header(self, request: Request) -> str:
        return REALM

    def post(self, request: Request, vendor: str, path: str) -> Response:
        row = inbox.settings_at(path, vendor)
        if row is None:
            raise NotFound("There is no webhook at this address.")
        _authenticate(request, row)
        try:
            stored = inbox.receive(tenant=row.tenant, vendor=vendor, body=request._request.body)
        except inbox.Unreadable as error:
            raise ParseError(str(error)) from None
        return Response({"id": stored.id, "state": stored.state}, status=202)


def _authenticate(request: Request, row: AggregationSettings) -> None:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    user, secret = "", ""
    if kind.lower() == "basic":
        with suppress(binascii.Error, UnicodeDecodeError):
            user, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    if not inbox.is_authentic(row, user, secret):
        raise AuthenticationFailed("User or secret are not those of the Settings screen.")
