"""OAuth members: a stand-in bank, one-time links, and the return to the application."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import transaction

from sandbox.world import clock, jobs, lifecycle
from sandbox.world.models import Member, OAuthWindow

CLIENT_ID = "sandbox"
WINDOW_LIFE = timedelta(hours=1)
SOURCES = ("BROWSER", "APP")


def open_window(member: Member, options: dict[str, Any], base: str) -> str:
    """A link to the bank's page that works once.

    Args:
        options: `referral_source`, `client_redirect_url`, `ui_message_webview_url_scheme` and
            `skip_aggregation`, checked already; `transactions` False leaves those out.
        base: where the sandbox is reached, without a slash at the end.
    """
    state = secrets.token_hex(16)
    OAuthWindow.objects.create(state=state, member=member, options=options, created_at=clock.now())
    Member.objects.filter(pk=member.pk).update(oauth_failed=False)
    query = {
        "client_id": CLIENT_ID,
        "redirect_uri": f"{base}/oauth/redirect_from",
        "response_type": "code",
        "scope": "openid",
        "state": state,
    }
    return f"{base}/oauth/authorize?{urlencode(query)}"


def open_bank_page(state: str) -> OAuthWindow | None:
    """Open the bank's page, once; None if the link was used or has expired."""
    open_windows = OAuthWindow.objects.filter(
        state=state, opened_at=None, created_at__gt=clock.now() - WINDOW_LIFE
    )
    if not state or not open_windows.update(opened_at=clock.now(), code=secrets.token_hex(16)):
        return None
    return OAuthWindow.objects.select_related("member").get(state=state)


def complete(state: str, code: str) -> tuple[OAuthWindow, bool] | None:
    """End a visit to the bank: its window and whether access was granted; None if unknown."""
    open_windows = OAuthWindow.objects.filter(state=state, ended_at=None).exclude(opened_at=None)
    with transaction.atomic():
        window = open_windows.select_related("member__user").first()
        if window is None:
            return None
        succeeded = bool(code) and secrets.compare_digest(code.encode(), window.code.encode())
        window.ended_at = clock.now()
        window.save()
        if succeeded:
            _connect(window.member, window.options)
        else:
            Member.objects.filter(pk=window.member.pk).update(oauth_failed=True)
    return window, succeeded


def _connect(member: Member, options: dict[str, Any]) -> None:
    member.oauth_failed = False
    if member.job:
        member.save()
        return
    is_known = member.successfully_aggregated_at is not None
    member.connection_status = "UPDATED" if is_known else "CREATED"
    if options.get("skip_aggregation"):
        lifecycle.schedule_background(member, clock.now())
    else:
        job = "VERIFICATION" if options.get("verifies") else "AGGREGATION"
        jobs.start_first(member, transactions=options.get("transactions", True), job=job)


def return_url(window: OAuthWindow, *, succeeded: bool) -> str | None:
    """The URL to return to; None: the sandbox shows the result itself."""
    options = window.options
    if options.get("referral_source") != "APP":
        return None
    result = urlencode(
        {"status": "success" if succeeded else "error", "member_guid": window.member.guid}
    )
    if url := options.get("client_redirect_url"):
        return f"{url}{'&' if '?' in url else '?'}{result}"
    scheme = options.get("ui_message_webview_url_scheme") or "atrium"
    return f"{scheme}://oauth_complete?{result}"
