"""POST /user: give a Nucleus client or business a user at the vendor."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation, lookup, schemas
from gateway.integration_api.parsing import parsed
from integrations.flows import users
from nucleus.caller import caller_of


class UserView(APIView):
    """Creates the vendor user, or answers the existing one."""

    @documentation.documented(
        operation_id="createUser",
        summary="Create the vendor user of a client or business",
        description=(
            "Gives the client or business a user at the vendor and remembers the mapping. Calling "
            "it again answers the same user."
        ),
        tags=["User"],
        request=schemas.CreateUserRequest,
        response=schemas.UserResponse,
        examples=[documentation.USER_REQUEST, documentation.USER_RESPONSE],
    )
    def post(self, request: Request) -> Response:
        body = parsed(schemas.CreateUserRequest, request)
        owner = lookup.owner_of(caller_of(request), body)
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
                "message": None,
                "vendor_response": outcome.vendor_response,
            }
        )
