"""The sandbox's control page: everything the control API can do, for people."""

from __future__ import annotations

import pytest

from tests.browser.person import Person
from tests.sandbox.receiver import receiving
from tests.waiting import PATIENCE
from tests.world import World

pytestmark = pytest.mark.sandbox


@pytest.fixture
def page(person: Person, world: World) -> Person:
    world.connect()
    person.opens(world.sandbox.base_url)
    person.sees("UTC")
    return person


def test_moving_the_clock(page: Person, world: World):
    before = world.sandbox.call("GET", "/_control/clock")["now"]
    page.types("Advance by", "2d")
    page.presses("Advance")
    page.waits(lambda: world.sandbox.call("GET", "/_control/clock")["now"][:10] > before[:10])
    page.presses("Stop")
    page.sees("(stopped)")
    page.presses("Run")
    page.types("Advance by", "soon")
    page.presses("Advance")
    page.sees("A span is a number and s, m, h, d or w")


def test_asking_for_a_fault(page: Person, world: World):
    page.types("Path", "/users")
    page.types("Status", "503")
    page.presses("Add fault")
    page.sees("any /users")
    page.photographs("control-page")
    url = f"{world.sandbox.base_url}/users"
    assert world.sandbox.session.get(url, timeout=PATIENCE).status_code == 503
    assert world.sandbox.session.get(url, timeout=PATIENCE).status_code == 200
    page.waits(lambda: "any /users" not in page.text)  # used up
    page.presses("Add fault")
    page.sees("any /users")
    page.presses("Remove")
    page.waits(lambda: world.sandbox.call("GET", "/_control/faults")["faults"] == [])


def test_putting_a_member_into_a_status(page: Person, world: World):
    (member,) = world.rows("/members", "members")
    page.chooses(f"Connection status of {member['guid']}", "LOCKED")
    page.presses("Apply")
    page.waits(lambda: world.status(member["guid"])["connection_status"] == "LOCKED")


def test_an_account_changes_at_the_bank(page: Person, world: World):
    page.chooses("Event", "change_account")
    page.presses("Choose Everyday Checking")
    account = world.sandbox.call("GET", f"/_control/bank/users/{world.user}")["accounts"][0]
    page.types("Values (JSON)", f'{{"account": "{account["account"]}", "name": "Household"}}')
    page.chooses("Shows at MX", "at once")
    page.presses("Add event")
    page.sees("Household")
    assert "Household" in [row["name"] for row in world.rows("/accounts", "accounts")]
    page.types("Happens after", "1d")
    page.presses("Add event")
    page.sees("waiting")
    page.presses("Cancel")
    page.waits(lambda: "waiting" not in page.text)
    page.types("Values (JSON)", '{"account": "nothing"}')
    page.types("Happens after", "")
    page.presses("Add event")
    page.sees("There is no account 'nothing'")
    assert all("400" in complaint for complaint in page.complaints())


def test_webhooks_and_their_deliveries(page: Person, world: World):
    with receiving() as receiver:
        page.types("URL", receiver.url)
        page.types("User name", "hook")
        page.types("Password", "secret")
        page.presses("Add webhook")
        page.sees(receiver.url)
        page.presses("Send test")
        page.sees("delivered")
        assert receiver.payloads(1)[0]["action"] == "test"
        page.presses("Send again")
        receiver.payloads(2)
    assert "secret" not in page.source


def test_settings(page: Person, world: World):
    label = "JSON; a restart brings back what the environment says"
    page.types(label, '{"member_limit": 3}')
    page.presses("Save")
    page.waits(lambda: world.sandbox.call("GET", "/_control/settings")["member_limit"] == 3)
    page.types(label, '{"member_limit": -3}')
    page.presses("Save")
    page.sees("member_limit cannot be -3")
    assert page.complaints()  # the 400, and nothing else
    assert all("400" in complaint for complaint in page.complaints())


def test_it_fits_a_phone(page: Person):
    page.resizes(360, 740)
    page.sees("MX sandbox")
    assert page.page_width() <= 360
    assert page.complaints() == []
