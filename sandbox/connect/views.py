"""The widget's page, its files, and the loader that embeds it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.html import escape

from sandbox.world import clock
from sandbox.world.institutions import INSTITUTIONS
from sandbox.world.models import WidgetSession

FILES = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
URL_LIFE = timedelta(minutes=10)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors *"  # it is made to be embedded
)
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}

PAGE = """<!doctype html>
<html lang="en" data-color="{color}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Connect (MX sandbox)</title>
<link rel="icon" href="/md/connect/static/favicon.svg">
<link rel="stylesheet" href="/md/connect/static/connect.css">
<body data-config="{config}">
<header><p class="notice" role="note">Sandbox: no real bank, no real data.</p></header>
<main id="widget" class="sheet"></main>
<noscript><p class="sheet">The widget needs JavaScript.</p></noscript>
<script type="module" src="/md/connect/static/connect.js"></script>
</body>
</html>
"""
EXPIRED = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Link expired (MX sandbox)</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/md/connect/static/favicon.svg">
<link rel="stylesheet" href="/md/connect/static/connect.css">
<header><p class="notice" role="note">Sandbox: no real bank, no real data.</p></header>
<main class="sheet"><h1>This link has expired</h1>
<p>Widget links work once and for ten minutes. Ask for a new institution.</p></main></html>
"""


def page(request: HttpRequest, token: str) -> HttpResponse:
    """Open a widget URL, once."""
    valid_sessions = WidgetSession.objects.filter(
        token=token, opened_at=None, created_at__gt=clock.now() - URL_LIFE
    )
    if not valid_sessions.update(opened_at=clock.now()):
        return HttpResponse(EXPIRED, status=410, headers=HEADERS)
    session = WidgetSession.objects.select_related("user").get(token=token)
    config = {
        "key": session.key,
        "user_guid": session.user.guid,
        "session_guid": session.guid,
        **session.options,
    }
    color = "dark" if session.options.get("color_scheme") == "dark" else "light"
    html = PAGE.format(config=escape(json.dumps(config)), color=color)
    return HttpResponse(html, headers=HEADERS)


def file_of(folder: Path, name: str) -> HttpResponseBase:
    """One of the files of a page. Raises Http404."""
    path = folder / name
    if path.parent != folder or path.suffix not in TYPES or not path.is_file():
        raise Http404
    return FileResponse(
        path.open("rb"), content_type=TYPES[path.suffix], headers={"Cache-Control": "no-cache"}
    )


def static(request: HttpRequest, name: str) -> HttpResponseBase:
    """One of the widget's own files."""
    return file_of(FILES, name)


def loader(request: HttpRequest) -> HttpResponseBase:
    """/connect.js, for `<script src>` on other origins."""
    return static(request, "loader.js")


def logo(request: HttpRequest, code: str) -> HttpResponse:
    """An institution's logo, generated."""
    if code not in INSTITUTIONS:
        raise Http404
    institution = INSTITUTIONS[code]
    letters = "".join(part[0] for part in institution.name.split())[:2]
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="100" height="100">'
        f'<rect width="100" height="100" rx="22" fill="{institution.color}"/>'
        '<text x="50" y="65" font-family="system-ui,sans-serif" font-size="42" font-weight="700" '
        f'text-anchor="middle" fill="#fff">{letters}</text></svg>'
    )
    return HttpResponse(svg, content_type="image/svg+xml")
