"""The first run: from the log-in to a tenant whose keys work and whose webhooks have an address."""

from __future__ import annotations

from demo.stack import Stack
from tests.browser.person import Person

TENANT = "Second Demo"


def test_from_the_log_in_to_working_keys_and_a_webhook_address(person: Person, stack: Stack):
    person.opens(f"{stack.gateway}/admin/")
    person.types("Username", "admin")
    person.types("Password", stack.admin_password)
    person.presses("Log in")
    person.presses("Set-up steps")
    person.opens(f"{stack.gateway}/admin/nucleus/tenant/add/")
    person.types("Name", TENANT)
    person.types("Short name", "second-demo")
    person.presses("Save")
    person.sees(f"Set-up of {TENANT}")
    person.sees("1. Enter MX's keys: Next")
    person.photographs("setup-begins")
    person.presses("Open the page of step 1, Enter MX's keys")
    person.chooses("API", "MX Platform, newest version (v20250224)")
    person.chooses("Environment", "Custom base URL")
    person.types("Base URL", stack.sandbox)
    person.types("Username/Client Id", stack.sandbox_api_key)
    person.types("Password/Client Secret", stack.sandbox_client_id)
    person.presses("Test connection")
    person.sees("The two fields are swapped")
    person.photographs("setup-swapped-keys")
    person.types("Username/Client Id", stack.sandbox_client_id)
    person.types("Password/Client Secret", stack.sandbox_api_key)
    person.presses("Test connection")
    person.sees("Works: MX accepts these keys")
    person.presses("Save")
    person.sees("2. Test the keys: Done")
    person.presses("Open the page of step 3, Choose the settings")
    person.types("Webhook User", "hook")
    person.types("Webhook Secret", "a secret of the browser test")
    person.presses("Save")
    person.sees("4. Set user and secret of MX's webhooks: Done")
    person.sees("5. Register the address at MX, and receive the first webhook: Next")
    person.finds("Copy")
    person.photographs("setup-webhook-address")
    person.opens(f"{stack.gateway}/admin/doctor/")
    person.presses("Check again")
    person.sees("Checked")
    person.photographs("doctor")
    assert "a secret of the browser test" not in person.source
