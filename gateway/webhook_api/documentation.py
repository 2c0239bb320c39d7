"""OpenAPI descriptions of the webhook endpoints, made from the attributes of the views."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from drf_spectacular.utils import OpenApiExample, extend_schema_view

from gateway.integration_api.documentation import documented
from integrations.models import WebhookSubscription
from nucleus.hydrogen import openapi_schemas, pages
from nucleus.hydrogen.examples import STORED, example_request, example_response

if TYPE_CHECKING:
    from gateway.webhook_api.subscriptions import WebhookView

View = TypeVar("View", bound="type[WebhookView]")
EXAMPLE_SECRET = "whsec_c2VjcmV0IG9mIHRoZSBleGFtcGxl"  # noqa: S105


def document_list(view: View) -> View:
    """Class decorator: describe creating and listing."""
    return extend_schema_view(
        post=documented(
            operation_id=f"create{view.operation_name}",
            summary="Create a webhook",
            description=(
                "Deliveries are signed according to Standard Webhooks (`webhook-id`, "
                "`webhook-timestamp`, `webhook-signature`) and with `X-Hydrogen-Signature`. They "
                "are retried for about a day, with the same id each time. Each event can be sent "
                "to one active webhook."
            ),
            tags=[view.tag],
            request=view.request_serializer,
            response=view.response_serializer,
            examples=[
                example_request("Subscribe to new data", view.example),
                _response_example(view, with_secret=True),
            ],
        ),
        get=documented(
            operation_id=f"list{view.operation_name}s",
            summary="List webhooks",
            description="Secrets are not included.",
            tags=[view.tag],
            response=openapi_schemas.page_of(view.response_serializer),
            parameters=pages.parameters(WebhookSubscription, view.fields),
        ),
    )(view)


def document_detail(view: View) -> View:
    """Class decorator: describe reading, changing and deleting one webhook."""
    return extend_schema_view(
        get=documented(
            operation_id=f"get{view.operation_name}",
            summary="Read a webhook",
            description="The secret is not included.",
            tags=[view.tag],
            response=view.response_serializer,
            examples=[_response_example(view)],
        ),
        put=documented(
            operation_id=f"update{view.operation_name}",
            summary="Change a webhook",
            description="Send any subset of the fields; the others keep their values.",
            tags=[view.tag],
            request=view.request_serializer(partial=True),
            response=view.response_serializer,
            examples=[
                example_request("Pause deliveries", {"is_active": False}),
                _response_example(view),
            ],
        ),
        delete=documented(
            operation_id=f"delete{view.operation_name}",
            summary="Delete a webhook",
            description="Pending deliveries are dropped. A repeated request gets a 404.",
            tags=[view.tag],
            response=None,
        ),
    )(view)


def _response_example(view: type[WebhookView], *, with_secret: bool = False) -> OpenApiExample:
    subscription = WebhookSubscription(**STORED, **view.example, secret=EXAMPLE_SECRET)
    return example_response(view.render(subscription, with_secret=with_secret))
