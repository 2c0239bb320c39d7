"""POST /user: create the vendor user of a client or business."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation, lookup, response_schemas, schemas
from gateway.integration_api.parsing import parse_body
from integrations.flows import users
from nucleus.caller import caller_of


class UserView(APIView):
    """Create the vendor user, or return the existing one."""

    @documentation.documented(
        operation_id="createUser",
        summary="Create the vendor user of a client or business",
        description=(
            "Creates a user for the client or business at the vendor and stores its id. A repeated "
            "request returns the same user."
        ),
        tags=["User"],
        request=schemas.CreateUserRequest,
        response=response_schemas.UserResponse,
        examples=[documentation.USER_REQUEST, documentation.USER_RESPONSE],
    )
    def post(self, request: Request) -> Response:
        body = parse_body(schemas.CreateUserRequest, request)
        owner = lookup.owner_from_body(caller_of(request), body)
        outcome = users.create(
            tenant=owner.tenant, owner=owner, vendor_name=body.get("vendor_name")
        )
        return Response(
            {
                "nucleus_client_id": outcome.vendor_user.client_id,
                "nucleus_business_id": outcome.vendor_user.business_id,
                "product": body["product"],
                "integration_type": body["integration_type"],
                "vendor_name": outcome.vendor_user.vendor,
                "message": outcome.message,
                "vendor_response": outcome.vendor_response,
            }
        )
