"""/iav: verify bank accounts into bank links."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation, lookup, schemas
from gateway.integration_api.parsing import parsed, queried
from integrations.flows import verification
from integrations.flows.bank_links import TenantAccount
from nucleus.caller import caller_of
from nucleus.hydrogen import renderers
from nucleus.models import BankLink
from nucleus.writes import rules


class VerificationsView(APIView):
    """Verify the accounts of a member."""

    @documentation.documented(
        operation_id="createIav",
        summary="Verify a member's bank accounts",
        description=(
            "Turns the member's checking and savings accounts (those of every member, without "
            "`member_id`) into verified bank links. When a bank needs longer or the user has to "
            "answer, its links are missing and `message` says what happens next. Full numbers need "
            "the scope `account_numbers`. `bank_account_holder` is what the bank says, or empty: "
            "`metadata.bank_account_holder_source` is `bank` or `not_confirmed`."
        ),
        tags=["Verification"],
        request=schemas.IavRequest,
        response=schemas.IavResponse,
        examples=[documentation.IAV_REQUEST, documentation.IAV_RESPONSE],
    )
    def post(self, request: Request) -> Response:
        body = parsed(schemas.IavRequest, request)
        caller = caller_of(request)
        owner = lookup.owner_of(caller, body)
        account_id = body.get("nucleus_account_id")
        by_client = caller.client is not None
        outcome = verification.verify(
            tenant=owner.tenant,
            owner=owner,
            member_id=body.get("vendor_request", {}).get("member_id"),
            tenant_account=TenantAccount(account_id, by_client) if account_id else None,
        )
        rows = [_row(request, one.bank_link, one.message) for one in outcome.bank_links]
        return Response(_answer(outcome.vendor, rows, outcome.message))


class VerificationView(APIView):
    """One bank link."""

    @documentation.documented(
        operation_id="getIav",
        summary="Read a verified bank link",
        description=(
            "Full numbers need the scope `account_numbers`; otherwise they are masked. "
            "`vendor_name` is the vendor that verified it, null for a link that none did or that "
            "is disconnected."
        ),
        tags=["Verification"],
        response=schemas.IavResponse,
        examples=[documentation.IAV_RESPONSE],
    )
    def get(self, request: Request, bank_link_id: UUID) -> Response:
        link = lookup.bank_link(caller_of(request), bank_link_id)
        vendor = verification.vendor_of(link)
        return Response(_answer(vendor, [_row(request, link, None)], None))

    @documentation.documented(
        operation_id="deleteIav",
        summary="Disconnect a bank link",
        description=(
            "Parameters as for deleting an aggregation account. A client's own token cannot erase "
            "a verified bank link."
        ),
        tags=["Verification"],
        parameters=[schemas.DeleteQuery],
        response=None,
    )
    def delete(self, request: Request, bank_link_id: UUID) -> Response:
        query = queried(schemas.DeleteQuery, request)
        caller = caller_of(request)
        link = lookup.bank_link(caller, bank_link_id)
        erase = query["nucleus_data"] == "delete"
        if erase and (refusal := rules.undeletable(link, confined=caller.client is not None)):
            raise PermissionDenied(refusal.errors["id"][0])
        verification.release(
            tenant=caller.tenant,
            bank_link=link,
            delete_type=query["delete_type"],
            erase=erase,
        )
        return Response(status=204)


def _row(request: Request, link: BankLink | None, message: str | None) -> dict[str, Any]:
    reveal = caller_of(request).has_scope("account_numbers")
    return {
        "message": message,
        "status_code": 200 if link else 422,
        "nucleus_bank_link": renderers.bank_link(link, reveal_numbers=reveal) if link else None,
    }


def _answer(vendor: str | None, rows: list[dict[str, Any]], message: str | None) -> dict[str, Any]:
    return {
        "vendor_name": vendor,
        "bank_link": {"message": message, "response": rows},
        "aggregation": {"message": None, "response": None},
    }
