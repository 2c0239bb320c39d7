"""POST /token_exchange: for vendors whose widgets give tokens. None that is built in does."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation, lookup, schemas
from gateway.integration_api.parsing import parse_body
from integrations import vendor_sessions
from integrations.flows.errors import FlowError
from integrations.vendors import registry
from nucleus.caller import caller_of


class TokenExchangeResponse(serializers.Serializer[Any]):
    """The response for a vendor whose widget issues tokens."""

    nucleus_client_id = serializers.UUIDField()
    nucleus_business_id = serializers.UUIDField(allow_null=True)
    product = serializers.CharField()
    integration_type = serializers.CharField()
    vendor_name = serializers.CharField()
    vendor_response = serializers.DictField()


class TokenExchangeView(APIView):
    """Refuse every request, and name the calls to use instead."""

    @documentation.documented(
        operation_id="createTokenExchange",
        summary="Exchange a widget's token",
        description=(
            "MX's widget issues no token: its success callback reports a `member_id`, which POST "
            "/integration/v1/aggregation/account and POST /integration/v1/iav accept. The response "
            "to a valid body is therefore always a 400."
        ),
        tags=["User"],
        request=schemas.CreateUserRequest,
        response=TokenExchangeResponse,
        examples=[documentation.USER_REQUEST],
    )
    def post(self, request: Request) -> Response:
        body = parse_body(schemas.CreateUserRequest, request)
        owner = lookup.owner_from_body(caller_of(request), body)
        slug = vendor_sessions.aggregation_vendor(owner.tenant, body.get("vendor_name"))
        raise FlowError(
            f"{registry.get(slug).name} has no token to exchange. Its widget's success callback "
            "names a connection: send it as vendor_request.member_id to POST "
            "/integration/v1/aggregation/account, or to POST /integration/v1/iav to verify."
        )
