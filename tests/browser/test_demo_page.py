"""Connecting and verifying a bank on the demo page, from an empty database."""

from __future__ import annotations

from decimal import Decimal

from selenium.webdriver.common.keys import Keys

from demo import comparison
from demo.bank import Mx
from demo.stack import Stack
from tests.browser.person import Person

ACCOUNTS, TRANSACTIONS = "Accounts with balances", "Transactions, newest first"
HOLDINGS, BANK_LINKS = "Holdings, largest first", "Verified bank links"
PAGE_SIZE = 15


def becomes_a_client(person: Person, stack: Stack, last_name: str) -> None:
    person.opens(stack.demo)
    person.sees("/nucleus/v1/client")
    if "Start with a client" not in person.text:
        person.presses("New client")
    person.types("First name", "Demo")
    person.types("Last name", last_name)
    person.presses("Create client")
    person.sees("Link the first bank")


def logs_in(person: Person, password: str) -> None:
    """In the widget: find MX Bank and log in there."""
    person.types("Institution", "mx bank")
    person.presses("MX Bank")
    person.types("Username", "test_atrium")
    person.types("Password", password)
    person.presses("Continue")


def links_a_bank(person: Person) -> None:
    person.presses("Add account")
    with person.inside_the_widget():
        logs_in(person, "password")
        person.presses("Done")
    person.sees("All here")


def all_tables(person: Person) -> list[list[list[str]]]:
    return [person.rows(caption) for caption in (ACCOUNTS, TRANSACTIONS, HOLDINGS)]


def money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def only_user(stack: Stack, client_id: str) -> tuple[Mx, str, str]:
    """MX's side of a client: the API, the user and their one member."""
    mx = stack.mx()
    body = b'{"nucleus_client_id": "%s", "product": "atom"}' % client_id.encode()
    user = stack.api().call("POST", "/integration/v1/user", body).json()["vendor_response"]["guid"]
    (member,) = mx.rows(f"/users/{user}/members", "members")
    return mx, user, member["guid"]


def test_a_person_links_and_verifies_a_bank(person: Person, stack: Stack) -> None:
    becomes_a_client(person, stack, "Story")
    person.presses("Add account")
    with person.inside_the_widget():
        person.photographs("1-widget")
        logs_in(person, "challenge")
        person.sees("MX Bank asks")
        person.photographs("2-question")
        person.types(person.only_field(), "correct")
        person.presses("Continue")
        person.sees("Your accounts are connected")
        person.photographs("3-connected")
        person.presses("Done")
    person.sees("All here")
    person.photographs("4-arrived")

    mx, user, member = only_user(stack, person.address.rsplit("#", 1)[1])
    facts = comparison.served(mx, user, member)
    balances = [fact for fact in facts.elements() if fact[0] == "balance"]
    accounts = person.rows(ACCOUNTS)
    assert len(accounts) == len(balances)
    for _, name, balance, *_ in balances:
        (row,) = (item for item in accounts if item[0].replace("\nMX Bank ", " ") == name)
        assert money(abs(balance)) in row[-1]
    transactions = sum(1 for fact in facts.elements() if fact[0] == "transaction")
    person.sees(f"1\u2013{PAGE_SIZE} of {transactions}")
    holdings = [fact for fact in facts.elements() if fact[0] == "holding"]
    assert len(person.rows(HOLDINGS)) == len(holdings)
    assert any("Pending" in row[0] for row in person.rows(TRANSACTIONS))

    person.presses("Verify account")
    with person.inside_the_widget():
        person.presses("MX Bank")
        person.sees("Choose an account")
        person.photographs("5-choose")
        person.presses("Verify")
        person.sees("Your account has been verified")
        person.presses("Done")
    person.sees("verified bank link")
    person.photographs("6-verified")
    numbers = list(mx.rows(f"/users/{user}/members/{member}/account_numbers", "account_numbers"))
    masked = {f"****{number['account_number'][-4:]}" for number in numbers}
    assert {row[1] for row in person.rows(BANK_LINKS)} == masked
    assert "Verified" in "".join(row[0] for row in person.rows(ACCOUNTS))
    for secret in (stack.client_secret, stack.sandbox_api_key, "Bearer", "access_token"):
        assert secret not in person.source
    assert not any(number["account_number"] in person.source for number in numbers)
    assert person.complaints() == []


def test_a_refused_login_is_explained_and_can_be_corrected(person: Person, stack: Stack) -> None:
    becomes_a_client(person, stack, "Typo")
    person.presses("Add account")
    with person.inside_the_widget():
        logs_in(person, "UNAUTHORIZED")
        person.sees("did not accept these credentials")
        person.presses("Enter credentials again")
        person.types("Username", "test_atrium")
        person.types("Password", "password")
        person.presses("Continue")
        person.presses("Done")
    person.sees("All here")


def test_closing_the_widget_links_nothing(person: Person, stack: Stack) -> None:
    becomes_a_client(person, stack, "Reluctant")
    person.presses("Add account")
    with person.inside_the_widget():
        person.sees("Select your institution")
    person.presses("Close")
    person.sees("nothing was linked")
    person.presses("Add account")  # a new link, since the first one is used up
    with person.inside_the_widget():
        person.sees("Select your institution")
    person.presses_key(Keys.ESCAPE)
    person.sees("nothing was linked")
    person.sees("Link the first bank")


def test_transactions_turn_pages_and_filter_by_account(person: Person, stack: Stack) -> None:
    becomes_a_client(person, stack, "Reader")
    links_a_bank(person)
    first = person.rows(TRANSACTIONS)
    person.presses("Older")
    person.sees(f"{PAGE_SIZE + 1}\u2013{2 * PAGE_SIZE} of")
    assert person.rows(TRANSACTIONS) != first
    person.presses("Newer")
    person.sees(f"1\u2013{PAGE_SIZE} of")
    assert person.rows(TRANSACTIONS) == first
    account = person.rows(ACCOUNTS)[0][0]
    person.chooses("Account", account.replace("\nMX Bank ", " "))
    name = account.split("\n")[0]
    person.waits(lambda: {row[1] for row in person.rows(TRANSACTIONS)} == {name})


def test_a_reload_shows_the_same_client_and_numbers(person: Person, stack: Stack) -> None:
    becomes_a_client(person, stack, "Reload")
    links_a_bank(person)
    person.finds("Refresh")
    before = all_tables(person)
    becomes_a_client(person, stack, "Newer")
    person.chooses("Client", "Demo Reload")
    person.finds("Refresh")
    assert all_tables(person) == before
    person.reloads()
    person.finds("Refresh")
    assert all_tables(person) == before


def test_mx_in_trouble_is_explained_and_trying_again_heals(person: Person, stack: Stack) -> None:
    becomes_a_client(person, stack, "Patient")
    mx = stack.mx()
    mx.call("POST", "/_control/faults", {"kind": "status", "status": 503, "count": 50})
    try:
        person.presses("Add account")
        person.sees("That did not work.")
        person.sees("MX")
        person.photographs("7-mx-down")
    finally:
        mx.call("DELETE", "/_control/faults")
    person.presses("Try again")
    with person.inside_the_widget():
        logs_in(person, "password")
        person.presses("Done")
    person.sees("All here")


def test_the_page_fits_a_small_phone_in_the_dark(person: Person, stack: Stack) -> None:
    person.resizes(320, 640)
    becomes_a_client(person, stack, "Phone")
    links_a_bank(person)
    person.prefers_dark()
    person.photographs("8-phone")
    assert person.page_width() <= 320
