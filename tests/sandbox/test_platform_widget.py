"""Widget URLs of MX Platform: what each version asks for, and what it means."""

from __future__ import annotations

import html
import json
import re
import time
from typing import Any

import pytest
import requests

from tests.sandbox_process import Sandbox
from tests.waiting import PATIENCE

V2011, V2025 = "v20111101", "v20250224"


def opened(client: Sandbox, **options: Any) -> dict[str, Any]:
    """The options of the session behind a new URL."""
    body = {"user": {"id": f"person-{time.time_ns()}"}}
    user = client.call("POST", "/users", json=body)["user"]
    params = {"widget_url": {"widget_type": "connect_widget"} | options}
    shown = client.call("POST", f"/users/{user['guid']}/widget_urls", json=params)["widget_url"]
    assert (shown["type"], shown["user_id"]) == ("connect_widget", user["id"])
    page = requests.get(shown["url"], timeout=PATIENCE).text
    (config,) = re.findall(r'data-config="([^"]*)"', page)
    return dict(json.loads(html.unescape(config)))


@pytest.mark.parametrize("version", [V2011, V2025])
def test_defaults(sandbox: Sandbox, version: str):
    options = opened(sandbox.as_platform(version))
    assert options["ui_message_version"] == 4
    assert options["ui_message_webview_url_scheme"] == "mx"
    assert options["oauth_referral_source"] == "BROWSER"
    assert (options["mode"], options["include_transactions"]) == ("aggregation", True)
    in_app = opened(sandbox.as_platform(version), is_mobile_webview=True)
    assert in_app["oauth_referral_source"] == "APP"


def test_verification_in_2011(sandbox: Sandbox):
    client = sandbox.as_platform(V2011)
    options = opened(client, mode="verification", include_identity=True)
    assert (options["mode"], options["include_identity"]) == ("verification", True)
    assert options["include_transactions"] is False
    assert options["disable_background_agg"] is True
    more = {"include_transactions": True, "disable_background_agg": False}
    options = opened(client, mode="verification", **more)
    assert options["include_transactions"] is True
    assert options["disable_background_agg"] is False


def test_products_in_2025(sandbox: Sandbox):
    client = sandbox.as_platform(V2025)
    options = opened(client, mode="verification")
    assert options["mode"] == "aggregation"  # no longer used
    products = ["account_verification", "identity_verification"]
    options = opened(client, data_request={"products": products})
    assert (options["mode"], options["include_identity"]) == ("verification", True)
    assert options["include_transactions"] is False
    assert options["disable_background_agg"] is True
    products = ["account_verification", "transactions", "statements", "transaction_history"]
    options = opened(client, data_request={"products": products})
    assert options["include_transactions"] is True
    assert options["disable_background_agg"] is False
    assert options["more_jobs"] == ["extend_history", "fetch_statements"]


@pytest.mark.parametrize(
    "options",
    [
        {"data_request": {"products": []}},
        {"data_request": {"products": ["everything"]}},
        {"widget_type": "budgets_widget"},
        {"ui_message_version": 5},
    ],
)
def test_refusals(sandbox: Sandbox, options: dict[str, Any]):
    with pytest.raises(requests.HTTPError, match="400"):
        opened(sandbox.as_platform(V2025), **options)
