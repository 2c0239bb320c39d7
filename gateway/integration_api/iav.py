"""/iav: verify bank accounts into bank links."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation, lookup, response_schemas, schemas
from gateway.integration_api.parsing import parse_body, parse_query
from integrations.flows import bank_links, verification
from integrations.flows.bank_link_numbers import TenantAccount
from nucleus.caller import caller_of
from nucleus.hydrogen import renderers
from nucleus.hydrogen.renderers import Body
from nucleus.models import BankLink


class VerificationListView(APIView):
    """Verify the accounts of a connection."""

    @documentation.documented(
        operation_id="createIav",
        summary="Verify a connection's bank accounts",
        description=(
            "Creates verified bank links from the checking and savings accounts of the connection, "
            "or of every connection if `member_id` is missing. If a bank needs more time or the "
            "user has to answer a question, its links are missing and `message` says what happens "
            "next. Full numbers require the scope `account_numbers`. `bank_account_holder` comes "
            "from the bank or is empty; `metadata.bank_account_holder_source` is `bank` or "
            "`not_confirmed`."
        ),
        tags=["Verification"],
        request=schemas.IavRequest,
        response=response_schemas.IavResponse,
        examples=[documentation.IAV_REQUEST, documentation.IAV_RESPONSE],
    )
    def post(self, request: Request) -> Response:
        body = parse_body(schemas.IavRequest, request)
        caller = caller_of(request)
        owner = lookup.owner_from_body(caller, body)
        account_id = body.get("nucleus_account_id")
        by_client = caller.client is not None
        outcome = verification.verify(
            tenant=owner.tenant,
            owner=owner,
            member_id=body.get("vendor_request", {}).get("member_id"),
            tenant_account=TenantAccount(account_id, by_client) if account_id else None,
        )
        rows = [_row(request, item.bank_link, item.message) for item in outcome.bank_links]
        return Response(_response(outcome.vendor, rows, outcome.message))


class VerificationDetailView(APIView):
    """One bank link."""

    @documentation.documented(
        operation_id="getIav",
        summary="Read a verified bank link",
        description=(
            "Without the scope `account_numbers`, numbers are masked. `vendor_name` is the vendor "
            "that verified the link; it is null if the link is not verified or is disconnected."
        ),
        tags=["Verification"],
        response=response_schemas.IavResponse,
        examples=[documentation.IAV_RESPONSE],
    )
    def get(self, request: Request, bank_link_id: UUID) -> Response:
        link = lookup.bank_link(caller_of(request), bank_link_id)
        vendor = bank_links.vendor_of(link)
        return Response(_response(vendor, [_row(request, link, None)], None))

    @documentation.documented(
        operation_id="deleteIav",
        summary="Disconnect a bank link",
        description=(
            "The parameters are those of deleting an aggregation account. A client token cannot "
            "erase a verified bank link."
        ),
        tags=["Verification"],
        parameters=[schemas.DeleteQuery],
        response=None,
    )
    def delete(self, request: Request, bank_link_id: UUID) -> Response:
        query = parse_query(schemas.DeleteQuery, request)
        caller = caller_of(request)
        link = lookup.bank_link(caller, bank_link_id)
        erase = query["nucleus_data"] == "delete"
        if erase:
            lookup.check_erasable(caller, link)
        bank_links.disconnect(
            tenant=caller.tenant,
            bank_link=link,
            delete_type=query["delete_type"],
            erase=erase,
        )
        return Response(status=204)


def _row(request: Request, link: BankLink | None, message: str | None) -> Body:
    reveal = caller_of(request).has_scope("account_numbers")
    return {
        "message": message,
        "status_code": 200 if link else 422,
        "nucleus_bank_link": renderers.bank_link(link, reveal_numbers=reveal) if link else None,
    }


def _response(vendor: str | None, rows: list[Body], message: str | None) -> Body:
    return {
        "vendor_name": vendor,
        "bank_link": {"message": message, "response": rows},
        "aggregation": {"message": None, "response": None},
    }
