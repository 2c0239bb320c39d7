"""Examples and errors of the OpenAPI descriptions of /integration/v1."""

from __future__ import annotations

from functools import partial

from drf_spectacular.utils import OpenApiExample

from nucleus.hydrogen import openapi_operations, openapi_schemas

CLIENT_ID = "1b2ab3ef-32cd-4cb0-a5a7-8e7f1d1d1b31"
ACCOUNT_ID = "7d0dd6a2-6f4f-4f2b-8a6f-6d1a1a0b6c01"
OTHER_ACCOUNT_ID = "c1f8a3de-9a4e-4b57-8f0b-2f6f7f3f6c02"
MEMBER_ID = "MBR-7c6f361b-e582-15b6-60c0-358f12466b4b"

USER_REQUEST = OpenApiExample(
    "Aggregation user",
    value={
        "nucleus_client_id": CLIENT_ID,
        "product": "atom",
        "integration_type": "aggregation",
        "vendor_name": "mx",
    },
    request_only=True,
)
USER_RESPONSE = OpenApiExample(
    "Created, or existing",
    value={
        "nucleus_client_id": CLIENT_ID,
        "nucleus_business_id": None,
        "product": "atom",
        "integration_type": "aggregation",
        "vendor_name": "mx",
        "message": None,
        "vendor_response": {
            "guid": "USR-fa7537f3-48aa-a683-a02a-b18940482f54",
            "identifier": "0f0e41fc-0a3c-5c0e-8d5b-1a1f2a3b4c5d",
            "is_disabled": False,
            "metadata": None,
        },
    },
    response_only=True,
)
WIDGET_URL = OpenApiExample(
    "Widget link",
    value={
        "widget_url": "https://int-widgets.moneydesktop.com/md/connect/Abc123",
        "vendor_name": "mx",
    },
    response_only=True,
)
AGGREGATION_REQUEST = OpenApiExample(
    "In the widget's success callback",
    value={
        "nucleus_client_id": CLIENT_ID,
        "product": "atom",
        "vendor_request": {"member_id": MEMBER_ID},
    },
    request_only=True,
)
ACCOUNT_MERGE_REQUEST = OpenApiExample(
    "One account under two connections",
    value={
        "kept_aggregation_account_id": OTHER_ACCOUNT_ID,
        "merged_aggregation_account_id": ACCOUNT_ID,
    },
    request_only=True,
)
IAV_REQUEST = OpenApiExample(
    "Verify a connection's accounts",
    value={
        "nucleus_client_id": CLIENT_ID,
        "product": "atom",
        "vendor_request": {"member_id": MEMBER_ID},
    },
    request_only=True,
)
IAV_RESPONSE = OpenApiExample(
    "The bank needs the user",
    value={
        "vendor_name": "mx",
        "bank_link": {
            "message": "Please answer the question of your bank. Next: repair.",
            "response": [],
        },
        "aggregation": {"message": None, "response": None},
    },
    response_only=True,
)

ERRORS = openapi_schemas.ERRORS | {
    409: "The vendor is busy with this connection; try again shortly.",
    429: "The rate limit of the vendor or of the application is reached; see `retry_at`.",
    503: "The vendor or the database is unavailable; `Retry-After` says when to try again.",
}
documented = partial(openapi_operations.documented, errors=ERRORS)
