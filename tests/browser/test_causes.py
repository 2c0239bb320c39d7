"""Why a customer's bank is not updating: staff find the cause, press the fix and see it work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from selenium.webdriver.common.by import By

from demo.stack import Stack
from demo.story import Walkthrough
from tests.browser.desk import (
    AdminSession,
    Colleague,
    find_customer,
    linked,
    log_in,
    waits_to_read,
)
from tests.browser.person import Person

PHONE = (390, 844)
WELL = "1 connection without problem. Nothing to do."
KEY = "Password/Client Secret"


@dataclass
class Desk:
    """A customer with a connection that works, and staff of the tenant."""

    stack: Stack
    customer: Walkthrough
    support: Colleague
    operator: Colleague

    @property
    def name(self) -> str:
        return f"{self.customer.client['first_name']} {self.customer.client['last_name']}"

    def happens(self, kind: str, **values: object) -> None:
        """Let something happen at the bank."""
        body = {"kind": kind, "user": self.customer.user, **values}
        self.stack.mx().call("POST", "/_control/bank/events", body)


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Desk:
    customer = linked(stack.api(), stack, "Desk")
    admin = AdminSession(stack)
    return Desk(stack, customer, admin.add_colleague("Support"), admin.add_colleague("Operator"))


@pytest.fixture
def at_the_customer(person: Person, desk: Desk) -> Person:
    """Somebody of support at the page of the customer."""
    log_in(person, desk.stack, desk.support)
    find_customer(person, desk.stack, desk.name)
    waits_to_read(person, WELL)
    return person


def press(person: Person, button: str, answer: str) -> None:
    person.presses(button)
    person.presses(answer)


def photograph(person: Person, name: str) -> None:
    """As it is, and on a phone in the dark, where nothing may be wider than the screen."""
    person.photographs(f"cause-{name}")
    person.resizes(*PHONE)
    person.prefers_dark()
    person.reloads()
    person.photographs(f"cause-{name}-phone")
    assert person.page_width() <= PHONE[0]
    person.prefers_light()
    person.resizes(1440, 900)


def test_a_wrong_password(at_the_customer: Person, desk: Desk) -> None:
    person, page = at_the_customer, at_the_customer.address
    member = f"/_control/members/{desk.customer.member}"
    desk.stack.mx().call("PUT", member, {"connection_status": "DENIED"})
    waits_to_read(person, "The customer has to log in again (status DENIED). Send a repair link.")
    photograph(person, "wrong-password")
    press(person, "Repair link: MX Bank…", "Yes, make the link")
    person.sees("It works once, within ten minutes")
    person.photographs("cause-repair-link")
    link = person.driver.find_element(By.ID, "link").get_attribute("value")
    person.opens(str(link))  # as the customer does
    person.presses("Enter credentials again")
    person.types("Username", "mxuser")
    person.types("Password", "password")
    person.presses("Continue")
    person.sees("Your accounts are connected.")
    person.opens(page)
    waits_to_read(person, WELL)


def test_a_dead_job(at_the_customer: Person, desk: Desk) -> None:
    person = at_the_customer
    fault = {"method": "GET", "path": "*/accounts*", "kind": "status", "status": 400, "count": 99}
    desk.stack.mx().call("POST", "/_control/faults", fault)
    try:
        press(person, "Refresh…", "Yes, refresh it")
        waits_to_read(person, "Our job is dead")
    finally:
        desk.stack.mx().call("DELETE", "/_control/faults")
    photograph(person, "dead-job")
    press(person, "Retry the dead job: MX Bank…", "Yes, retry it")
    waits_to_read(person, WELL)


def test_a_disabled_user(at_the_customer: Person, desk: Desk) -> None:
    person = at_the_customer
    desk.happens("disable_user")
    press(person, "Refresh…", "Yes, refresh it")
    waits_to_read(person, "The user is disabled at MX. Enable it in MX's dashboard")
    photograph(person, "disabled-user")
    desk.happens("enable_user")  # what the dashboard does
    press(person, "Refresh: MX Bank…", "Yes, refresh it")
    waits_to_read(person, WELL)


def test_refused_keys(at_the_customer: Person, desk: Desk) -> None:
    person, page = at_the_customer, at_the_customer.address
    log_in(person, desk.stack, desk.operator)
    store_key(person, desk, "a-key-that-mx-never-gave-out")
    person.opens(page)
    press(person, "Refresh…", "Yes, refresh it")
    waits_to_read(person, "MX refuses the keys in use. Correct them under Credentials")
    log_in(person, desk.stack, desk.support)
    person.opens(page)
    person.sees("ask somebody with the role Operator or Administrator")
    photograph(person, "refused-keys-support")
    log_in(person, desk.stack, desk.operator)
    person.opens(page)
    photograph(person, "refused-keys")
    person.presses("Open the credentials")
    person.types(KEY, desk.stack.sandbox_api_key)
    person.presses("Test connection")
    person.sees("Works: MX accepts these keys")
    person.presses("Save")
    person.opens(page)
    waits_to_read(person, WELL)


def test_silent_webhooks(person: Person, stack: Stack) -> None:
    """MX imports the data of a tenant to whose address it sends no webhooks."""
    customer = linked(AdminSession(stack).add_tenant(stack, "Silent"), stack, "Silent")
    hours_ago = (datetime.now(UTC) - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    stack.mx().call("POST", "/_control/bank/events", {
        "kind": "change_member", "member": customer.member,
        "fields": {"successfully_aggregated_at": hours_ago},
    })  # fmt: skip
    log_in(person, stack, Colleague("admin", stack.admin_password))
    find_customer(person, stack, "Demo Silent")
    press(person, "Refresh…", "Yes, refresh it")
    waits_to_read(person, "1 connection without problem, but new data arrives late.")
    person.sees("sent no webhook for it; none has arrived yet.")
    photograph(person, "silent-webhooks")
    person.presses("Open the webhook settings")
    person.sees("Webhook Secret")


def store_key(person: Person, desk: Desk, key: str) -> None:
    person.opens(f"{desk.stack.gateway}/admin/integrations/vendorcredential/")
    person.presses("Demo")
    person.types(KEY, key)
    person.presses("Save")
    person.sees("was changed successfully")
