"""Staff in the admin: the Credentials screen and its connection test, against the sandbox."""

from __future__ import annotations

import pytest

from demo.stack import Stack
from tests.browser.person import Person

KEY = "Password/Client Secret"
WRONG = "a-key-that-mx-never-gave-out"


@pytest.fixture
def staff(person: Person, stack: Stack) -> Person:
    """Somebody who has logged in and opened the demo tenant's credentials."""
    person.opens(f"{stack.gateway}/admin/")
    person.types("Username", "admin")
    person.types("Password", stack.admin_password)
    person.presses("Log in")
    person.presses("Credentials")
    person.presses("Demo")
    person.sees("Test connection")
    return person


def connection_says(staff: Person, words: str) -> None:
    staff.presses("Test connection")
    staff.sees(words)


def test_a_wrong_password_opens_nothing(person: Person, stack: Stack) -> None:
    person.opens(f"{stack.gateway}/admin/")
    person.types("Username", "admin")
    person.types("Password", "not-the-password")
    person.presses("Log in")
    person.sees("Please enter the correct username and password")


def test_keys_are_tested_by_calling_mx_and_never_shown(staff: Person, stack: Stack) -> None:
    staff.photographs("admin-credentials")
    connection_says(staff, "MX accepts these keys")
    staff.photographs("admin-connection-works")
    assert stack.sandbox_api_key not in staff.source


def test_a_wrong_key_is_explained_and_the_right_one_heals(staff: Person, stack: Stack) -> None:
    staff.types(KEY, WRONG)
    staff.presses("Save and continue editing")
    staff.sees("was changed successfully")
    assert WRONG not in staff.source
    connection_says(staff, "MX does not accept the keys")
    staff.photographs("admin-connection-refused")
    staff.types(KEY, f"  {stack.sandbox_api_key} ")  # as pasted from a web page
    staff.presses("Save and continue editing")
    connection_says(staff, "MX accepts these keys")


def test_saving_without_touching_the_key_keeps_it(staff: Person) -> None:
    staff.presses("Save and continue editing")
    staff.sees("was changed successfully")
    connection_says(staff, "MX accepts these keys")


def test_a_base_url_that_is_not_allowed_is_refused(staff: Person) -> None:
    staff.types("Base URL", "http://169.254.169.254/latest/meta-data")
    staff.presses("Save and continue editing")
    staff.sees("VENDOR_ALLOWED_HOSTS")
    staff.photographs("admin-base-url-refused")
    assert "was changed successfully" not in staff.text
