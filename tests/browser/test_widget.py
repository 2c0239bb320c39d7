"""The Connect widget as people meet it: every way in, every way it can end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.embedding import Embedding, embedding
from tests.browser.person import Person
from tests.world import World

pytestmark = pytest.mark.sandbox


@pytest.fixture
def page(person: Person, world: World) -> Iterator[Embedding]:
    with embedding(person, f"{world.sandbox.base_url}/connect.js") as embedded:
        yield embedded


def log_in(person: Person, password: str, bank: str = "MX Bank") -> None:
    person.presses(bank)
    enter(person, password)


def enter(person: Person, password: str) -> None:
    person.types("Username", "test_atrium")
    person.types("Password", password)
    person.presses("Continue")


def test_links_work_once_and_for_ten_minutes(person: Person, world: World):
    link = world.widget()
    person.opens(link)
    person.sees("Sandbox: no real bank, no real data.")
    person.sees("8 institutions")
    person.opens(link)
    person.sees("This link has expired")
    late = world.widget()
    world.advance("11m")
    person.opens(late)
    person.sees("This link has expired")


def test_searching(person: Person, world: World):
    person.opens(world.widget())
    person.types("Institution", "credit")
    person.sees("1 institution")
    person.sees("Test Credit Union")
    person.types("Institution", "no such bank")
    person.sees("No institution has that name.")


@pytest.mark.parametrize("kind", ["challenge", "options", "image", "image_options", "token"])
def test_every_kind_of_question(person: Person, world: World, kind: str):
    person.opens(world.widget())
    log_in(person, kind)
    person.sees("MX Bank asks")
    person.photographs(f"widget-{kind}")
    choices = {"options": "The correct address", "image_options": "The disc"}
    if kind in choices:
        person.picks(choices[kind])
    else:
        person.types(person.only_field(), "correct")
    person.presses("Continue")
    person.sees("Your accounts are connected.")


def test_two_questions_on_one_page(person: Person, world: World):
    person.opens(world.widget())
    log_in(person, "questions")
    person.types("What city were you born in?", "correct")
    person.types("What was the name of your first school?", "correct")
    person.presses("Continue")
    person.sees("Your accounts are connected.")


def test_a_wrong_answer_can_be_tried_again(person: Person, world: World):
    person.opens(world.widget())
    log_in(person, "challenge")
    person.types(person.only_field(), "nonsense")
    person.presses("Continue")
    person.sees("did not accept that answer")
    person.photographs("widget-error")
    person.presses("Try again")
    person.types(person.only_field(), "correct")
    person.presses("Continue")
    person.sees("Your accounts are connected.")


def test_wrong_credentials_can_be_replaced(page: Embedding, world: World):
    person = page.person
    page.opens(world.widget())
    with person.inside_the_widget():
        log_in(person, "UNAUTHORIZED")
        person.presses("Enter credentials again")
        enter(person, "password")
        person.presses("Done")
    page.waits_for_event("connect/connected/primaryAction")
    types = page.types()
    assert types.index("connect/memberError") < types.index("connect/updateCredentials")


def test_a_login_that_never_connected_is_not_called_connected(page: Embedding, world: World):
    person = page.person
    page.opens(world.widget())
    with person.inside_the_widget():
        log_in(person, "UNAUTHORIZED")
        person.sees("Enter credentials again")
    page.opens(world.widget())
    with person.inside_the_widget():
        log_in(person, "password")
        person.sees("Trying MX Bank again")
        assert "connected already" not in person.text
        person.presses("Continue")
        person.presses("Done")


def test_a_login_that_is_there_already_is_updated(page: Embedding, world: World):
    member = world.connect()
    person = page.person
    page.opens(world.widget())
    with person.inside_the_widget():
        log_in(person, "password")
        person.sees("MX Bank is connected already")
        person.presses("Continue")
        person.presses("Done")
    assert [row["guid"] for row in world.rows("/members", "members")] == [member]
    steps = [
        message["metadata"]["current"]
        for message in page.messages()
        if message["type"].endswith("stepChange")
    ]
    assert steps == ["enterCreds", "existingMember", "connecting", "connected"]


@pytest.mark.parametrize(
    ("status", "text", "step"),
    [
        ("CONNECTED", "MX Bank is connected", "connected"),
        ("CHALLENGED", "MX Bank asks", "mfa"),
        ("DENIED", "Enter credentials again", "loginError"),
        ("PREVENTED", "Enter credentials again", "loginError"),
        ("IMPAIRED", "Enter credentials again", "loginError"),
        ("LOCKED", "Try again", "loginError"),
        ("EXPIRED", "Try again", "loginError"),
        ("CLOSED", "This connection has been closed", "loginError"),
        ("RECONNECTED", "MX Bank is connected", "connecting"),
        ("CREATED", "MX Bank is connected", "connecting"),
    ],
)
def test_repairing_a_member(page: Embedding, world: World, status: str, text: str, step: str):
    member = world.connect()
    world.put(member, status)
    page.opens(world.widget(current_member_guid=member))
    with page.person.inside_the_widget():
        page.person.sees(text)
    assert page.messages()[1]["metadata"]["initial_step"] == step


def test_forcing_new_credentials(page: Embedding, world: World):
    member = world.connect()
    page.opens(world.widget(current_member_guid=member, update_credentials=True))
    with page.person.inside_the_widget():
        enter(page.person, "password")
        page.person.sees("MX Bank is connected")
    assert page.messages()[1]["metadata"]["initial_step"] == "enterCreds"
    assert "connect/updateCredentials" in page.types()


def test_no_search_where_it_is_switched_off(person: Person, world: World):
    options = {"current_institution_code": "mxbank", "disable_institution_search": True}
    person.opens(world.widget(**options))
    enter(person, "UNAUTHORIZED")
    person.sees("Enter credentials again")
    assert "Another institution" not in person.text
    person.presses("Enter credentials again")
    person.finds("Continue")
    assert "Back" not in person.text.splitlines()


def test_verification_offers_what_is_connected(page: Embedding, world: World):
    member = world.connect()
    world.connect(institution="test_brokerage")  # cannot be verified
    person = page.person
    page.opens(world.widget(mode="verification"))
    with person.inside_the_widget():
        person.sees("Use a connected institution")
        assert "Test Brokerage" not in person.text
        person.presses("MX Bank")
        person.sees("Choose an account")
        person.photographs("widget-account-selection")
        person.presses("Verify")
        person.presses("Done")
    assert page.messages()[1]["metadata"]["initial_step"] == "verifyExistingMember"
    assert len(world.rows(f"/members/{member}/account_numbers", "account_numbers")) == 1


def test_identity_comes_on_top(page: Embedding, world: World):
    person = page.person
    page.opens(world.widget(include_identity=True))
    with person.inside_the_widget():
        person.sees("7 institutions")
        log_in(person, "password")
        person.presses("Done")
    (member,) = world.rows("/members", "members")
    assert world.rows(f"/members/{member['guid']}/account_owners", "account_owners")
    assert page.types().count("connect/memberConnected") == 1


def test_options_of_new_members(person: Person, world: World):
    person.opens(world.widget(include_transactions=False, disable_background_agg=True))
    log_in(person, "password")
    person.sees("Your accounts are connected.")
    (member,) = world.rows("/members", "members")
    assert member["background_aggregation_is_disabled"] is True
    assert world.rows("/accounts", "accounts")
    assert world.rows("/transactions", "transactions") == []


def test_a_bank_with_branches(person: Person, world: World):
    person.opens(world.widget(current_institution_code="test_business_bank"))
    person.picks("South")
    enter(person, "password")
    person.sees("Test Business Bank is connected")


def test_the_keyboard_is_enough(person: Person, world: World):
    person.opens(world.widget())
    person.sees("8 institutions")
    assert person.uses() == "Institution"
    person.presses_key("mx bank")
    person.sees("2 institutions")
    person.presses_key(Keys.TAB)
    assert person.uses().startswith("MX Bank")
    person.presses_key(Keys.ENTER)
    person.sees("Log in at MX Bank")
    assert person.uses() == "Username"
    person.presses_key("test_atrium" + Keys.TAB + "password" + Keys.ENTER)
    person.sees("Your accounts are connected.")
    person.presses_key(Keys.TAB)
    assert person.uses() == "Done"
    assert person.complaints() == []


def test_trouble_is_explained_and_can_be_got_over(page: Embedding, world: World):
    person = page.person
    page.opens(world.widget())
    with person.inside_the_widget():
        person.sees("8 institutions")
        world.sandbox.fault(path="/md/connect/session/members", method="POST", status=503)
        log_in(person, "password")
        person.sees("Something went wrong")
        person.presses("Start again")
        enter(person, "password")
        person.presses("Done")
    error = next(
        message for message in page.messages() if message["type"].endswith("createMemberError")
    )
    assert error["metadata"]["institution_code"] == "mxbank"
    assert error["metadata"]["institution_guid"].startswith("INS-")
    assert len(world.rows("/members", "members")) == 1
