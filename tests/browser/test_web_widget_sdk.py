"""MX's web widget SDK, unmodified, embeds the sandbox's widget and receives its events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import npm
from tests.browser.embedding import Embedding, embedding
from tests.browser.person import Person
from tests.world import World

PACKAGE = Path(__file__).parent / "web_widget_sdk"
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(npm.NPM is None, reason="no npm to fetch MX's SDK with"),
]


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SDK's file for browsers, as published."""
    modules = npm.installed(PACKAGE, tmp_path_factory.mktemp("sdk"))
    return modules / "@mxenabled/web-widget-sdk/dist/umd/index.js"


@pytest.fixture
def page(person: Person, world: World, sdk: Path) -> Iterator[Embedding]:
    with embedding(person, f"{world.sandbox.base_url}/connect.js", sdk) as embedded:
        yield embedded


def choose(person: Person, bank: str, result: str) -> None:
    """Search, and press once the list has settled."""
    person.types("Institution", bank)
    person.sees(result)
    person.presses(bank)


def log_in(person: Person, bank: str, password: str) -> None:
    choose(person, bank, "2 institutions")
    person.types("Username", "test_atrium")
    person.types("Password", password)
    person.presses("Continue")


def event_log(page: Embedding) -> list[tuple[str, Any]]:
    """Events with what matters of each, in their order; all were understood by the SDK."""
    assert page.run_script("return window.invalid") == []
    reported = page.callbacks()
    assert [message["type"] for message in page.messages()][1:] == [
        item[1]["type"] for item in reported[1:]
    ]
    for _, payload in reported[1:]:
        assert payload["user_guid"].startswith("USR-")
        assert payload["session_guid"].startswith("ANS-")
    return [(name, _point(name, payload)) for name, payload in reported]


def _point(name: str, payload: dict[str, Any]) -> Any:
    if name == "StepChange":
        return f"{payload['previous']} > {payload['current']}"
    points = {"Loaded": "initial_step", "MemberStatusUpdate": "connection_status"}
    points["SelectedInstitution"] = "code"
    return payload.get(points.get(name, ""))


def search(bank: str) -> list[tuple[str, Any]]:
    return [("Load", None), ("Loaded", "search"), ("InstitutionSearch", None),
            ("SelectedInstitution", bank)]  # fmt: skip


DONE: list[tuple[str, Any]] = [
    ("StepChange", "connecting > connected"),
    ("MemberConnected", None),
    ("ConnectedPrimaryAction", None),
]
ENTERED: list[tuple[str, Any]] = [
    ("StepChange", "search > enterCreds"),
    ("EnterCredentials", None),
    ("StepChange", "enterCreds > connecting"),
    ("MemberStatusUpdate", 0),
]
REQUESTS: list[tuple[str, Any]] = [
    ("MemberStatusUpdate", 3),
    ("StepChange", "connecting > mfa"),
    ("SubmitMFA", None),
    ("StepChange", "mfa > connecting"),
    ("MemberStatusUpdate", 18),
]


def test_the_happy_path(page: Embedding, world: World):
    page.opens(world.widget(), "sdk")
    with page.person.inside_the_widget():
        log_in(page.person, "MX Bank", "password")
        page.person.presses("Done")
    page.waits_for_event("connect/connected/primaryAction")
    expected = [*search("mxbank"), *ENTERED, ("MemberStatusUpdate", 6), *DONE]
    assert event_log(page) == expected


def test_a_question_on_the_way(page: Embedding, world: World):
    page.opens(world.widget(), "sdk")
    with page.person.inside_the_widget():
        log_in(page.person, "MX Bank", "challenge")
        page.person.sees("MX Bank asks")
        page.person.types("What city were you born in?", "correct")
        page.person.presses("Continue")
        page.person.presses("Done")
    page.waits_for_event("connect/connected/primaryAction")
    expected = [*search("mxbank"), *ENTERED, *REQUESTS, ("MemberStatusUpdate", 6), *DONE]
    assert event_log(page) == expected


def test_verification(page: Embedding, world: World):
    page.opens(world.widget(mode="verification"), "sdk")
    with page.person.inside_the_widget():
        log_in(page.person, "MX Bank", "password")
        page.person.sees("Choose an account")
        page.person.presses("Verify")
        page.person.sees("Your account has been verified")
        page.person.presses("Done")
    page.waits_for_event("connect/connected/primaryAction")
    reported = [item for item in event_log(page) if item != ("MemberStatusUpdate", 6)]
    assert reported == [*search("mxbank"), *ENTERED, *REQUESTS, *DONE]
    (member,) = world.rows("/members", "members")
    numbers = world.rows(f"/members/{member['guid']}/account_numbers", "account_numbers")
    assert len(numbers) == 1


@pytest.mark.parametrize("refused_first", [False, True])
def test_oauth(page: Embedding, world: World, refused_first: bool):  # noqa: FBT001
    person = page.person
    page.opens(world.widget(), "sdk")
    with person.inside_the_widget():
        choose(person, "MX Bank (OAuth)", "1 institution")
        person.presses("Go to MX Bank (OAuth)")
    expected = [
        *search("mx_bank_oauth"),
        ("StepChange", "search > oauth"),
        ("OAuthRequested", None),
    ]
    if refused_first:
        with person.in_the_other_window():
            person.presses("Refuse")
            person.sees("Nothing was shared")
        with person.inside_the_widget():
            person.sees("The login was not completed")
            person.presses("Go to MX Bank (OAuth)")
        expected += [("OAuthError", None), ("OAuthRequested", None)]
    with person.in_the_other_window():
        person.sees("You are at the stand-in for MX Bank (OAuth)")
        person.photographs("widget-oauth-bank")
        person.presses("Log in and allow")
        person.sees("You can close this window")
    with person.inside_the_widget():
        person.presses("Done")
    page.waits_for_event("connect/connected/primaryAction")
    expected += [("StepChange", "oauth > connecting")]
    reported = [item for item in event_log(page) if item[0] != "MemberStatusUpdate"]
    assert reported == [*expected, *DONE]
    assert world.rows("/members", "members")[0]["connection_status"] == "CONNECTED"


def test_the_sdk_asks_and_the_widget_answers(page: Embedding, world: World):
    page.opens(world.widget(), "sdk")
    with page.person.inside_the_widget():
        page.person.presses("MX Bank")
        page.person.types("Username", "somebody")
    page.run_script("window.widget.ping()")
    page.person.waits(lambda: page.callbacks()[-1][0] == "Ping")
    navigated_back = "return window.widget.navigateBack()"
    assert page.run_script(navigated_back) is True
    assert page.run_script(navigated_back) is False  # search is the beginning
    reported = event_log(page)
    assert reported[-4:] == [
        ("BackToSearch", None),
        ("StepChange", "enterCreds > search"),
        ("Navigation", None),
        ("Navigation", None),
    ]


def test_deleting_a_member(page: Embedding, world: World):
    page.opens(world.widget(), "sdk")
    with page.person.inside_the_widget():
        log_in(page.person, "MX Bank", "UNAUTHORIZED")
        page.person.sees("did not accept these credentials")
        page.person.presses("Remove this connection")
        page.person.presses("Remove")
        page.person.sees("Select your institution")
    page.waits_for_event("connect/memberDeleted")
    assert ("MemberDeleted", None) in [(name, None) for name, _ in page.callbacks()]
    # The SDK does not know this documented event.
    (unknown,) = page.run_script("return window.invalid")
    assert unknown["type"] == "mx/connect/memberError"
    assert unknown["metadata"]["member"]["connection_status"] == 2
    assert world.rows("/members", "members") == []
