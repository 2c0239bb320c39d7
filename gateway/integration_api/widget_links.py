"""GET /widget_link/{nucleus_id}: a URL for the vendor's widget."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation, lookup, response_schemas, schemas
from gateway.integration_api.parsing import check_parameters, parse_query
from integrations.flows import widget_links
from integrations.vendors.records import WidgetOptions
from nucleus.caller import caller_of
from nucleus.models import Business, Client


class WidgetLinkView(APIView):
    """Create a URL that is valid once, for a few minutes."""

    @documentation.documented(
        operation_id="getWidgetLink",
        summary="Get a widget link for a client or business",
        description=(
            "Open the URL with MX's Connect loader or SDK. It is valid once, for a few minutes. "
            "With `mode=iav` the widget verifies accounts. With a `member_id`, an aggregation "
            "account or a bank link it repairs that connection. Parameters with other names are "
            "refused."
        ),
        tags=["Widget"],
        parameters=[schemas.WidgetLinkQuery],
        response=response_schemas.WidgetUrl,
        examples=[documentation.WIDGET_URL],
    )
    def get(self, request: Request, nucleus_id: UUID) -> Response:
        check_parameters(request, self.get.query_names)
        query = parse_query(schemas.WidgetLinkQuery, request)
        owner = lookup.owner(caller_of(request), nucleus_id, Client, Business)
        link = widget_links.create(
            tenant=owner.tenant,
            owner=owner,
            vendor_name=query.get("vendor_name"),
            aggregation_account_id=query.get("nucleus_aggregation_account_id"),
            bank_link_id=query.get("nucleus_bank_link_id"),
            options=WidgetOptions(
                verification=query["mode"] == "iav",
                member_id=query.get("member_id"),
                is_mobile_webview=query["is_mobile_webview"],
                message_version=query.get("message_version"),
                webview_url_scheme=query.get("webview_url_scheme"),
                institution_code=query.get("current_institution_code"),
                disable_institution_search=query["disable_institution_search"],
                update_credentials=query["update_credentials"],
                include_transactions=query.get("include_transactions"),
                disable_background_imports=query.get("disable_background_agg"),
                redirect_url=query.get("client_redirect_url"),
                oauth_referral_source=query.get("oauth_referral_source"),
                color_scheme=query.get("color_scheme"),
                language=query.get("language"),
            ),
        )
        response = Response({"widget_url": link.url, "vendor_name": link.vendor})
        response["Cache-Control"] = "no-store"
        return response
