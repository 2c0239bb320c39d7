"""Pages of the stand-in bank for OAuth members, and of the return from it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.utils.html import escape

from sandbox.connect.views import HEADERS
from sandbox.world import oauth
from sandbox.world.institutions import INSTITUTIONS

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title} (MX sandbox)</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="/md/connect/static/favicon.svg">
<link rel="stylesheet" href="/md/connect/static/connect.css">
<header><p class="notice" role="note">Sandbox: no real bank, no real data.</p></header>
<main class="sheet"><h1>{title}</h1>{content}</main></html>
"""


class ReturnRedirect(HttpResponseRedirectBase):
    """A redirect that may leave for an app. The scheme was checked when it was asked for."""

    status_code = 302
    allowed_schemes: list[str] = []

    def __init__(self, url: str) -> None:
        self.allowed_schemes = [url.partition(":")[0].lower()]
        super().__init__(url)


def authorize(request: HttpRequest) -> HttpResponse:
    """The consent page of the bank; its link works once."""
    window = oauth.open_bank_page(request.GET.get("state", ""))
    if window is None:
        text = "<p>Links to the bank work once and for an hour. Go back and ask for a new one.</p>"
        return _page("This link has expired", text, 410)
    bank = escape(INSTITUTIONS[window.member.institution_code].name)

    def link(identity: str, css_class: str, text: str, **query: str) -> str:
        url = escape(f"/oauth/redirect_from?{urlencode(query | {'state': window.state})}")
        return f'<a class="{css_class}" id="{identity}" href="{url}">{text}</a>'

    content = (
        f"<p>You are at the stand-in for {bank}. The application that sent you here asks to see "
        "your accounts, balances and transactions.</p>"
        + link("allow", "primary", "Log in and allow", code=window.code)
        + link("refuse", "quiet", "Refuse", error="access_denied")
    )
    return _page(f"Log in at {bank}", content)


def redirect_from(request: HttpRequest) -> HttpResponse:
    """Return from the bank: redirect to the application, or show the result."""
    completed = oauth.complete(request.GET.get("state", ""), request.GET.get("code", ""))
    if completed is None:
        return _page("This link has expired", "<p>Go back and ask for a new one.</p>", 410)
    window, succeeded = completed
    if url := oauth.return_url(window, succeeded=succeeded):
        return ReturnRedirect(url)
    if succeeded:
        text = "<p>You can close this window and go back to the application.</p>"
        return _page("Thank you", text)
    text = "<p>Nothing was shared. Close this window and try again in the application.</p>"
    return _page("Not connected", text)


def _page(title: str, content: str, status: int = 200) -> HttpResponse:
    html = PAGE.format(title=title, content=content)
    return HttpResponse(html, status=status, headers=HEADERS)
