"""Events of the Connect widget in mobile web views and pages that use MX's loader script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.embedding import Embedding, embedding
from tests.browser.person import Person
from tests.browser.test_widget import log_in
from tests.world import World

pytestmark = pytest.mark.sandbox


@pytest.fixture
def page(person: Person, world: World) -> Iterator[Embedding]:
    with embedding(person, f"{world.sandbox.base_url}/connect.js") as embedded:
        yield embedded


def test_a_mobile_web_view_gets_events_as_navigations(person: Person, world: World):
    # Chromium blocks this scheme without a question, as apps block their own.
    scheme = "hcp"
    person.opens(world.widget(is_mobile_webview=True, ui_message_webview_url_scheme=scheme))
    log_in(person, "password")
    person.presses("Done")
    person.sees("You can close this window")
    events: list[tuple[str, Any]] = []

    def is_complete() -> bool:
        events.extend(navigations(person, scheme))
        return bool(events) and events[-1][0] == "connect/connected/primaryAction"

    person.waits(is_complete)
    names = [name for name, _ in events]
    assert names[:2] == ["load", "connect/loaded"]
    assert "connect/memberConnected" in names
    assert dict(events)["connect/loaded"]["initial_step"] == "search"
    assert dict(events)["connect/memberConnected"]["member_guid"].startswith("MBR-")


def navigations(person: Person, scheme: str) -> list[tuple[str, Any]]:
    """Where the page tried to go since the last call, as the browser logged it."""
    matches = []
    for line in person.complaints():
        for text in line.replace("'", " ").split():
            if text.startswith(f"{scheme}://"):
                parts = urlsplit(text)
                metadata = parse_qs(parts.query).get("metadata", ["null"])[0]
                matches.append((f"{parts.netloc}{parts.path}", json.loads(metadata)))
    return matches


@pytest.mark.parametrize("version", [0, 4])
def test_the_loader_script_calls_back(page: Embedding, world: World, version: int):
    person = page.person
    page.opens(world.widget(ui_message_version=version), "loader")
    with person.inside_the_widget():
        log_in(person, "password")
        person.presses("Done")
    (member,) = world.rows("/members", "members")
    person.waits(lambda: len(page.callbacks()) > 1)
    reported = page.callbacks()
    if version == 0:
        assert reported == [["onLoad"], ["onSuccess", member["guid"]]]
    else:
        page.waits_for_event("connect/connected/primaryAction")
        assert reported[0][0] == "mx/load"
