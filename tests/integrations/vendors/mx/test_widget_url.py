"""Where the widget may be opened: people enter their bank's password there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.vendors import errors
from integrations.vendors.base import VendorConfig
from integrations.vendors.mx.adapter import MX
from integrations.vendors.records import WidgetOptions
from tests.integrations.vendors.scripted_server import always, answer, serving


def widget_url(url: Any, *hosts: str, base_url: str = "") -> str:
    """What the adapter makes of MX's answer. `base_url`: what it is configured with."""
    body = json.dumps({"user": {"connect_widget_url": url}}).encode()
    with serving(always(answer(body=body))) as server:
        mx = MX(VendorConfig("atrium", server.url, "id", "key", allowed_hosts=hosts))
        if base_url:
            mx.config = VendorConfig("atrium", base_url, "id", "key", allowed_hosts=hosts)
        return mx.widget_url(user_id="USR-1", options=WidgetOptions())


@pytest.mark.parametrize(
    "url",
    [
        "https://int-widgets.moneydesktop.com/md/connect/abc", "https://widgets.moneydesktop.com/x",
        "https://atrium.mx.com/x", "https://connect.mx.com:443/x?y=z#f",
    ],
)  # fmt: skip
def test_hosts_of_mx(url: str):
    assert widget_url(url, base_url="https://atrium.mx.com") == url


def test_the_own_host_and_allowed_ones():
    own = "https://mx.demo.example"
    assert widget_url(f"{own}/w", base_url=own)
    assert widget_url("https://widget.demo.example/w", "widget.demo.example", base_url=own)
    assert widget_url("http://127.0.0.1:8001/w", base_url="http://127.0.0.1:8001")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x", "https://mx.com.evil.example/x", "https://evilmx.com/x",
        "https://atrium.mx.com@evil.example/x", "https://evil.example\\@atrium.mx.com/x",
        "http://atrium.mx.com/x", "javascript:alert(1)//atrium.mx.com", "data:text/html,x",
        "https://atrium.mx.com\t.evil.example/", "https://moneydesktop.com.evil.example/",
        "//atrium.mx.com/x", "https:///x", "https://[::1", "", None, 5, ["https://atrium.mx.com/"],
        "https://127.0.0.1/x", "https://atrium.mx.com:99999/", "https://a.mx.com/" + "x" * 3000,
    ],
    ids=lambda url: str(url)[:40],
)  # fmt: skip
def test_everywhere_else_is_a_bad_response(url: Any):
    with pytest.raises(errors.VendorBadResponse):
        widget_url(url, base_url="https://atrium.mx.com")
