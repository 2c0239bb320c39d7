"""POST /token_exchange: for vendors whose widgets give tokens. None that is built in does."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation, lookup, schemas
from gateway.integration_api.parsing import parsed
from integrations import vendor_sessions
from integrations.flows.errors import FlowError
from integrations.vendors import registry
from nucleus.caller import caller_of


class TokenExchangeResponse(serializers.Serializer[Any]):
    """What a vendor with tokens would answer."""

    nucleus_client_id = serializers.UUIDField()
    nucleus_business_id = serializers.UUIDField(allow_null=True)
    product = serializers.CharField()
    integration_type = serializers.CharField()
    vendor_name = serializers.CharField()
    vendor_response = serializers.DictField()


class TokenExchangeView(APIView):
    """Always a refusal that says what to call instead."""

    @documentation.documented(
        operation_id="createTokenExchange",
        summary="Exchange a widget's token",
        description=(
            "MX's widget gives no token: its success callback names a member, which POST "
            "/integration/v1/aggregation/account and POST /integration/v1/iav take. So this "
            "answers 400, once the body is right."
        ),
        tags=["User"],
        request=schemas.CreateUserRequest,
        response=TokenExchangeResponse,
        examples=[documentation.USER_REQUEST],
    )
    def post(self, request: Request) -> Response:
        body = parsed(schemas.CreateUserRequest, request)
        owner = lookup.owner_of(caller_of(request), body)
        slug = vendor_sessions.aggregation_vendor(owner.tenant, body.get("vendor_name"))
        raise FlowError(
            f"{registry.get(slug).name} has no token to exchange. Its widget's success callback "
            "names a member: send it as vendor_request.member_id to POST "
            "/integration/v1/aggregation/account, or to POST /integration/v1/iav to verify."
        )
