"""The overview keeps itself up to date without losing the focus, and can be paused."""

from __future__ import annotations

from demo import story
from demo.stack import Stack
from tests.browser.person import Person

PHONE = (390, 844)
UPDATE = "update().then(() => arguments[0](true), (error) => arguments[0](String(error)))"
FOCUS = """
    const link = document.querySelector('#overview td a');
    link.focus();
    document.querySelector('#overview time').textContent = 'old';
    document.querySelector('#overview details').open = true;
    return link.getAttribute('href');
"""
FOCUSED = "return document.activeElement.getAttribute('href');"
PRESSED = "return document.getElementById('overview-pause').getAttribute('aria-pressed');"


def test_the_overview(person: Person, stack: Stack) -> None:
    assert story.run(stack)
    person.opens(f"{stack.gateway}/admin/")
    person.types("Username", "admin")
    person.types("Password", stack.admin_password)
    person.presses("Log in")
    person.sees("Who must act")
    person.photographs("admin-overview")
    driver = person.driver
    href = driver.execute_script(FOCUS)
    assert driver.execute_async_script(UPDATE) is True
    assert driver.execute_script(FOCUSED) == href
    assert driver.execute_script("return document.querySelector('#overview details').open;")
    assert "As of old" not in person.text
    person.presses("Pause updates")
    assert driver.execute_script(PRESSED) == "true"
    person.resizes(*PHONE)
    person.reloads()
    person.sees("Who must act")
    assert person.page_width() <= PHONE[0]
    person.photographs("admin-overview-phone")
    assert person.complaints() == []
