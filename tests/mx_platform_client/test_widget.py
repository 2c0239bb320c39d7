"""Links to the Connect widget."""

from __future__ import annotations

from typing import Any

import pytest
from mx_platform_python import (
    WidgetRequest,
    WidgetRequestBody,
)

from tests.mx_platform_client.connecting import connect


@pytest.mark.parametrize("mode", ["aggregation", "verification"])
def test_a_link_to_the_widget(mx: Any, user: str, mode: str):
    request = WidgetRequest(
        widget_type="connect_widget",
        mode=mode,
        include_identity=True,
        color_scheme="dark",
        ui_message_version=4,
        is_mobile_webview=True,
        ui_message_webview_url_scheme="demo",
        current_institution_code="mxbank",
        iso_country_code=["US"],
    )
    body = WidgetRequestBody(widget_url=request)
    link = mx.widgets.request_widget_url(user, body, accept_language="fr-CA").widget_url
    assert (link.type, link.user_id) == ("connect_widget", None)
    assert "/md/connect/" in link.url


def test_a_link_that_repairs_a_member(mx: Any, user: str):
    member = connect(mx, user, "UNAUTHORIZED")
    request = WidgetRequest(
        widget_type="connect_widget", current_member_guid=member, update_credentials=True
    )
    link = mx.widgets.request_widget_url(user, WidgetRequestBody(widget_url=request)).widget_url
    assert "/md/connect/" in link.url
