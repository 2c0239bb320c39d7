"""openapi.yaml tells the truth: it validates, does not drift, and the API keeps to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from openapi_spec_validator import validate

from gateway.access.models import Application
from tests.factories.access import access_token, basic
from tests.gateway.test_client_tokens import PUBLIC

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = yaml.safe_load((ROOT / "openapi.yaml").read_text())
schema = schemathesis.openapi.from_dict(DOCUMENT)


def test_it_validates():
    validate(DOCUMENT)


def test_every_operation_is_described():
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["operationId"], where
            assert "401" in operation["responses"], where


CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.CHECKS.get_one("status_code_conformance"),
    schemathesis.checks.CHECKS.get_one("content_type_conformance"),
    schemathesis.checks.CHECKS.get_one("response_schema_conformance"),
]


@pytest.mark.django_db(transaction=True)
@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_api_keeps_to_it(case: Any, application: Application, live_server: Any):
    application.allow_passwords, application.client_token_key = True, PUBLIC
    application.save()
    is_for_a_token = case.operation.path.startswith("/authorization/")
    bearer = f"Bearer {access_token(application)}"
    headers = {"Authorization": basic(application) if is_for_a_token else bearer}
    response = case.call(headers=headers, base_url=live_server.url)
    case.validate_response(response, checks=CHECKS)
