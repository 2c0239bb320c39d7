"""The sandbox about itself: what it is, its health, faults on demand."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import escape

from sandbox.control.endpoint import control, given
from sandbox.control.faults import FAULTS, KINDS
from sandbox.world.institutions import INSTITUTIONS

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>MX sandbox</title>
<link rel="stylesheet" href="/md/connect/static/connect.css">
<main class="sheet"><p class="notice">Sandbox: nothing here is real, and nothing leaves this
machine.</p><h1>MX sandbox</h1><p>A stand-in for MX's Atrium API and its Connect widget. Point a
client's base URL at <code>{base}</code>. Widget links come from
<code>POST /users/&#123;guid&#125;/connect_widget_url</code>; the loader is
<a href="/connect.js">/connect.js</a>.</p><h2>Institutions</h2><ul>{institutions}</ul>
<h2>Passwords with any user name</h2><table><tr><th>Password</th><th>What happens</th></tr>
<tr><td><code>password</code></td><td>connects</td></tr>
<tr><td><code>challenge</code></td><td>asks a question; the answer is <code>correct</code></td></tr>
<tr><td><code>options</code></td><td>asks to choose; choose the correct one</td></tr>
<tr><td><code>UNAUTHORIZED</code></td><td>wrong credentials</td></tr>
<tr><td><code>LOCKED</code>, <code>DISABLED</code>, <code>SERVER_ERROR</code>, …</td>
<td>that failure</td></tr></table></main></html>"""


def index(request: HttpRequest) -> HttpResponse:
    """A page for people who open the sandbox's address."""
    names = "".join(
        f"<li>{escape(one.name)} <code>{one.code}</code></li>" for one in INSTITUTIONS.values()
    )
    base = escape(request.build_absolute_uri("/").rstrip("/"))
    return HttpResponse(PAGE.format(base=base, institutions=names))


def health(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


def _faults(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"faults": FAULTS.listed(), "kinds": KINDS})


def _add_fault(request: HttpRequest) -> HttpResponse:
    FAULTS.add(given(request))
    return _faults(request)


def _forget_faults(request: HttpRequest, identity: int | None = None) -> HttpResponse:
    FAULTS.clear(identity)
    return HttpResponse(status=204)


faults = control(GET=_faults, POST=_add_fault, DELETE=_forget_faults)
fault = control(DELETE=_forget_faults)
