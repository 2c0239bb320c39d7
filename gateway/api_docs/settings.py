"""Settings of drf-spectacular, which generates openapi.yaml."""

from gateway.api_docs.description import DESCRIPTION

SPECTACULAR_SETTINGS = {
    "TITLE": "Hydrogen-style integration gateway",
    "DESCRIPTION": DESCRIPTION,
    "SERVERS": [{"url": "/"}],
    "VERSION": "1.0.0",
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "basic": {
                "type": "http",
                "scheme": "basic",
                "description": "Client id and secret of an application; for token calls only.",
            }
        }
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "gateway.api_docs.schema.idempotency",
        "gateway.api_docs.schema.long_queries",
        "gateway.api_docs.schema.nullable_references",
    ],
    # Fields of this name in several components have different values.
    "ENUM_NAME_OVERRIDES": {
        "StateEnum": "gateway.integration_api.response_schemas.CONNECTION_STATES",
        "PossibleDuplicateStateEnum": "gateway.integration_api.possible_duplicates.STATES",
    },
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    # Closed, because a page of all operations takes many seconds to draw.
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "docExpansion": "none",
        "filter": True,
        "validatorUrl": None,
    },
}
