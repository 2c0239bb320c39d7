"""`python -m tests.browser.pictures` makes the pictures of docs/admin.md and the README anew.

It uses the stack that `make run` has started, or one of its own, and adds customers to its tenant.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo import stack as stacks
from demo.stack import Stack
from demo.story import Walkthrough
from tests.browser import chromium
from tests.browser.desk import Colleague, find_customer, linked, log_in
from tests.browser.person import Person

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SIZE = (1280, 760)
MAX_BYTES = 150_000
ARRIVAL_SECONDS = 120
LOOK_SECONDS = 0.5
WRONG_KEY = "a-key-that-mx-never-gave-out"


@contextmanager
def running_stack() -> Iterator[Stack]:
    running = stacks.running()
    if running is not None:
        yield running
        return
    with stacks.temporary({"SANDBOX_JOB_SECONDS": "0.3"}) as own:
        yield own


def connection(customer: Walkthrough) -> Any:
    path = f"/integration/v1/connection?nucleus_client_id={customer.client['id']}"
    return customer.call("GET", path)["content"][0]


def wait_for(customer: Walkthrough, state: str) -> None:
    """Wait until the customer's connection has this state and, if it works, its data is read."""
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while time.monotonic() < deadline:
        row = connection(customer)
        if row["state"] == state and (state != "connected" or row["last_retrieval_at"]):
            return
        time.sleep(LOOK_SECONDS)
    raise TimeoutError(f"The connection did not become {state}: {row}")


def bring_about_trouble(stack: Stack, denied: Walkthrough, dead: Walkthrough) -> None:
    """A wrong password, and a job that failed for good."""
    for customer in (denied, dead):
        wait_for(customer, "connected")
    status = {"connection_status": "DENIED"}
    stack.mx().call("PUT", f"/_control/members/{denied.member}", status)
    wait_for(denied, "needs_action")
    fault = {
        "method": "GET",
        "path": f"/users/{dead.user}/*accounts*",
        "kind": "status",
        "status": 400,
        "count": 99,
    }
    stack.mx().call("POST", "/_control/faults", fault)
    try:
        dead.call("POST", f"/integration/v1/connection/{connection(dead)['id']}/refresh")
        wait_for(dead, "job_failed")
    finally:
        stack.mx().call("DELETE", "/_control/faults")


def keep(person: Person, name: str) -> None:
    """Store what is in view under docs/images."""
    picture = person.driver.get_screenshot_as_png()
    assert len(picture) <= MAX_BYTES, f"{name} has {len(picture)} bytes"
    (IMAGES / f"{name}.png").write_bytes(picture)
    print(f"docs/images/{name}.png", len(picture))


def take(person: Person, stack: Stack, well: Walkthrough, denied: Walkthrough) -> None:
    """Go through the admin and photograph its pages."""
    admin = f"{stack.gateway}/admin/"
    person.resizes(*SIZE)
    log_in(person, stack, Colleague("admin", stack.admin_password))
    keep(person, "admin-overview")
    person.opens(f"{admin}doctor/")
    person.presses("Check again")
    person.sees("Checked")
    keep(person, "admin-doctor")
    person.opens(f"{admin}setup/")
    person.sees("Set-up of Demo")
    keep(person, "admin-setup")
    person.opens(f"{admin}integrations/member/")
    person.sees("Needs us")
    keep(person, "admin-connections")
    person.opens(f"{admin}integrations/job/")
    person.sees("Failed for good")
    keep(person, "admin-jobs")
    find_customer(person, stack, "Demo Two", denied.client["username"])
    person.sees("Send a repair link")
    keep(person, "admin-customer")
    find_customer(person, stack, "Demo One", well.client["username"])
    account = well.create_accounts()[0]
    person.presses(f"{account['institution_name']}: {account['account_name']}")
    person.sees("Money in and out")
    keep(person, "admin-account")
    person.opens(f"{admin}integrations/vendorcredential/")
    person.presses("Demo")
    person.types("Password/Client Secret", WRONG_KEY)
    person.presses("Test connection")
    person.sees("MX does not accept the keys")
    person.driver.execute_script("window.scrollTo(0, document.body.scrollHeight)")
    keep(person, "admin-credentials-test")


def main() -> None:
    with running_stack() as stack, tempfile.TemporaryDirectory() as profile:
        well, denied, dead = (linked(stack.api(), stack, name) for name in ("One", "Two", "Three"))
        bring_about_trouble(stack, denied, dead)
        wait_for(well, "connected")
        driver = chromium.start(Path(profile))
        try:
            take(Person(driver), stack, well, denied)
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
