"""MX's refusals are told apart by operation; every operation that is named has to exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from integrations.vendors import errors
from integrations.vendors.mx import atrium_api, failures, platform_api
from integrations.vendors.transport import VendorRequest, VendorResponse

PACKAGE = Path(failures.__file__).parent
OPERATION = re.compile(r"(create|deactivate|delete|list|read|start|update)_[a-z_]+")


def test_jobs_are_operations() -> None:
    assert atrium_api.PATHS.keys() >= failures.JOBS
    assert {name for name in atrium_api.PATHS if name.startswith("start_")} == failures.JOBS


def test_every_operation_that_is_named_exists_and_is_used() -> None:
    named = {
        node.value
        for path in PACKAGE.rglob("*.py")
        if path.name not in ("atrium_api.py", "platform_api.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and OPERATION.fullmatch(node.value)
    }
    assert named == atrium_api.PATHS.keys() | platform_api.PATHS.keys()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.VendorRefused), (401, errors.VendorAccessDenied),
        (403, errors.VendorAccessDenied), (404, errors.VendorNotFound),
        (405, errors.VendorRefused), (406, errors.VendorRefused), (409, errors.VendorConflict),
        (422, errors.VendorRefused), (429, errors.VendorRateLimited),
        (500, errors.VendorUnavailable), (502, errors.VendorUnavailable),
        (503, errors.VendorUnavailable), (504, errors.VendorUnavailable),
    ],
)  # fmt: skip
def test_every_documented_status_has_its_error(status: int, kind: type[errors.VendorError]):
    call = VendorRequest("create_user", "POST", "/users", "/users", body={"user": {}})
    response = VendorResponse(status, headers={}, body={"error": {"message": "No."}})
    error = failures.error_for(call, response)
    assert type(error) is kind
    assert error.status == status


def test_messages_of_mx_are_passed_on_without_numbers():
    guid = "USR-11111111-1111-1111-1111-111111111111"
    body = {"error": {"message": f"Account 123456789 of {guid} is bad"}}
    call = VendorRequest("create_user", "POST", "/users", "/users", body={"user": {}})
    error = failures.error_for(call, VendorResponse(422, headers={}, body=body))
    assert "is bad" in str(error)
    assert "123456789" not in str(error)
    assert "USR-" not in str(error)
