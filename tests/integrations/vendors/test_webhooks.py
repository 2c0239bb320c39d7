"""Verification of webhooks by Basic authentication."""

from __future__ import annotations

import base64

import pytest

from integrations.vendors.webhooks import WebhookRequest, WebhookSecret, has_basic_secret

NEW, OLD = WebhookSecret("hook", "new"), WebhookSecret("hook", "old")


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def request(authorization: str) -> WebhookRequest:
    def read_body() -> bytes:
        raise AssertionError("Basic authentication needs no body")

    return WebhookRequest(headers={"Authorization": authorization}, read_body=read_body)


@pytest.mark.parametrize("text", ["hook:new", "hook:old"])
def test_each_valid_secret_is_accepted(text: str):
    assert has_basic_secret(request(basic(text)), [NEW, OLD])


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic", "Basic %%%", "Bearer new", basic("hook:"), basic("other:new"), basic("hook:old"),
     basic("new"), basic(":"), "Basic " + base64.b64encode(b"\xff:\xff").decode()],
)  # fmt: skip
def test_anything_else_is_refused(authorization: str):
    assert not has_basic_secret(request(authorization), [NEW])


def test_a_secret_that_is_not_configured_accepts_nothing():
    unset = WebhookSecret("", "")
    assert not has_basic_secret(request(basic(":")), [unset])
    assert not has_basic_secret(request(""), [unset])
    assert not has_basic_secret(request(""), [])


def test_secrets_are_not_shown():
    assert "new" not in repr(NEW)
