"""Every page of the admin by axe's rules, on a phone, in the dark, and by keyboard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.keys import Keys

from demo import story
from demo.stack import Stack
from tests.browser import npm
from tests.browser.person import Person

PACKAGE = Path(__file__).parent / "axe"
MENU = "#nav-sidebar"
PHONE = (390, 844)
DESKTOP = (1440, 900)
MAX_PAGES = 120  # of which each is another screen
MAX_TABS = 80
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/)")
RUN = """
    const [rules, exclude, done] = arguments;
    const options = { resultTypes: ["violations"] };
    if (rules) options.runOnly = rules;
    axe.run({ include: document, exclude }, options).then(({ violations }) => done(
        violations.map((one) => `${one.id} (${one.impact}): ${one.nodes[0].html.slice(0, 200)}`)));
"""
LINKS = "return [...document.querySelectorAll('a[href]')].map((link) => link.href);"
pytestmark = pytest.mark.skipif(npm.NPM is None, reason="no npm to fetch axe-core with")


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core."""
    modules = npm.installed(PACKAGE, tmp_path_factory.mktemp("axe"))
    return (modules / "axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def linked(stack: Stack) -> Stack:
    """The stack with a customer who has linked a bank."""
    assert story.run(stack)
    return stack


@pytest.fixture
def staff(person: Person, linked: Stack) -> Person:
    """An administrator who has logged in."""
    person.resizes(*DESKTOP)
    person.opens(f"{linked.gateway}/admin/")
    person.types("Username", "admin")
    person.types("Password", linked.admin_password)
    person.presses("Log in")
    person.sees("Credentials")
    return person


def violations(
    person: Person, axe: str, rules: list[str] | None = None, *, exclude: list[str] | None = None
) -> list[str]:
    """What axe finds on the present page; `rules` and `exclude` (selectors) confine it."""
    person.driver.execute_script(axe)
    result: list[str] = person.driver.execute_async_script(RUN, rules, exclude or [])
    return result


def screens(person: Person, start: str) -> Iterator[str]:
    """Open one page of each kind that links lead to; yields their addresses."""
    opened: set[str] = set()
    waiting = [start]
    while waiting:
        url = waiting.pop(0)
        kind = kind_of(url)
        if kind in opened or "logout" in kind or not kind.startswith("/admin/"):
            continue
        assert len(opened) < MAX_PAGES, f"There are more screens than {MAX_PAGES}"
        opened.add(kind)
        person.opens(url)
        if not is_page(person):
            continue
        waiting += [link for link in links(person) if "#" not in link]
        yield url


def kind_of(url: str) -> str:
    """Equal for pages of the same screen, and for those that look alike for every model."""
    path = IDS.sub("*", urlsplit(url).path)
    page = path.rstrip("/").rpartition("/")[2]
    if page in ("history", "delete"):
        return f"/admin/*/{page}/"
    return "/admin/*/" if re.fullmatch(r"/admin/\w+/", path) else path


def is_page(person: Person) -> bool:
    """Whether the address showed a page, rather than a download."""
    return bool(person.driver.execute_script("return document.contentType === 'text/html'"))


def links(person: Person) -> list[str]:
    result: list[str] = person.driver.execute_script(LINKS)
    return result


def test_every_page_keeps_to_axes_rules(staff: Person, stack: Stack, axe: str) -> None:
    problems: dict[str, Any] = {}
    count = 0
    for url in screens(staff, f"{stack.gateway}/admin/"):
        exclude = [MENU] if count else []  # the same on every page, and half of what axe looks at
        count += 1
        if broken := violations(staff, axe, exclude=exclude):
            problems[url] = broken
        staff.resizes(*PHONE)
        staff.prefers_dark()
        if broken := violations(staff, axe, ["color-contrast"], exclude=exclude):
            problems[f"{url} in the dark"] = broken
        if staff.page_width() > PHONE[0]:
            problems[f"{url} on a phone"] = f"is {staff.page_width()} px wide"
        staff.resizes(*DESKTOP)
        staff.prefers_light()
    assert not problems, json.dumps(problems, indent=1)
    assert count > 30, "The menu's screens were not opened"


def test_the_log_in_page_keeps_to_axes_rules(person: Person, stack: Stack, axe: str) -> None:
    person.opens(f"{stack.gateway}/admin/")
    person.finds("Log in")
    assert violations(person, axe) == []


def tab_to(person: Person, name: str) -> None:
    """Press Tab until the focus is on what has this name."""
    names = []
    for _ in range(MAX_TABS):
        person.presses_key(Keys.TAB)
        if person.uses() == name:
            return
        names.append(person.uses())
    raise AssertionError(f"Tab does not reach {name!r}, only {names}")


def test_the_skip_link_leads_past_the_menu(staff: Person, stack: Stack) -> None:
    staff.opens(f"{stack.gateway}/admin/integrations/job/")
    staff.presses_key(Keys.TAB)
    assert staff.uses() == "Skip to the content"
    staff.presses_key(Keys.ENTER)
    tab_to(staff, "Filters")
    staff.presses_key(Keys.ENTER)
    staff.sees("By state")


def test_the_menus_open_by_keyboard(staff: Person, stack: Stack) -> None:
    staff.opens(f"{stack.gateway}/admin/password_change/")
    tab_to(staff, "A admin")
    staff.presses_key(Keys.SPACE)
    staff.finds("Log out")
    tab_to(staff, "Show or hide the menu")
    staff.presses_key(Keys.ENTER)
    staff.waits(lambda: "Inbound webhooks" not in staff.text)
    staff.presses_key(Keys.ENTER)
    staff.sees("Inbound webhooks")


def test_an_export_shows_its_progress_and_saves_the_file(
    staff: Person, stack: Stack, tmp_path: Path
) -> None:
    behaviour = {"behavior": "allow", "downloadPath": str(tmp_path)}
    staff.driver.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
    staff.opens(f"{stack.gateway}/admin/nucleus/aggregationaccounttransaction/?direction=Credit")
    staff.photographs("admin-list-with-export")
    staff.presses("Export")
    staff.sees("with the filters, search and order of the list")
    staff.presses("Export")
    staff.sees("rows are saved.")
    staff.photographs("admin-export")
    staff.waits(lambda: any(tmp_path.glob("*.csv")))
    [file] = tmp_path.glob("*.csv")
    lines = file.read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("id,account_id")
    assert len(lines) > 2
    assert f"Done: {len(lines) - 1} rows" in staff.text
