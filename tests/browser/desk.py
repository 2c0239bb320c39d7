"""Staff of the admin: people with a role, and what all of them do."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

import requests
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.keys import Keys

from demo.stack import Stack
from tests.browser.person import Person

TIMEOUT = 30
SEARCH = "Find a customer or screen"


@dataclass(frozen=True)
class Colleague:
    """Somebody of staff."""

    name: str
    password: str


class AdminSession:
    """The administrator of a stack, over HTTP."""

    def __init__(self, stack: Stack) -> None:
        self.url = f"{stack.gateway}/admin/"
        self.session = requests.Session()
        self.session.trust_env = False
        self._post("login/", {"username": "admin", "password": stack.admin_password})

    def add_colleague(self, role: str) -> Colleague:
        """Add somebody with this role, for the one tenant."""
        colleague = Colleague(role.lower(), secrets.token_urlsafe(16))
        password = colleague.password
        page = self._get("auth/user/add/")
        tenants = re.findall(r'name="tenants" value="([0-9a-f-]+)"', page)[:1]
        common = {"username": colleague.name, "tenants": tenants}
        path = self._post(
            "auth/user/add/",
            {**common, "usable_password": "true", "password1": password, "password2": password},
        )
        page = self._get(path)
        group = re.search(rf'<option value="(\d+)"[^>]*>{role}</option>', page)
        assert group is not None
        rights = {"is_active": "on", "is_staff": "on", "groups": group[1]}
        joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
        self._post(path, {**common, **rights, **joined})
        return colleague

    def _get(self, path: str) -> str:
        response = self.session.get(self.url + path, timeout=TIMEOUT)
        assert response.ok, path
        return response.text

    def _post(self, path: str, fields: dict[str, object]) -> str:
        """Submit a form; the path below /admin/ that follows."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self._get(path))
        assert token is not None
        response = self.session.post(
            self.url + path,
            data={**fields, "csrfmiddlewaretoken": token[1]},
            headers={"Referer": self.url},
            timeout=TIMEOUT,
        )
        assert response.history, f"The form was refused: {response.text}"
        return response.url.removeprefix(self.url)


def log_in(person: Person, stack: Stack, colleague: Colleague) -> None:
    """Log in at the start page, in place of whoever is logged in."""
    person.driver.delete_all_cookies()
    person.opens(f"{stack.gateway}/admin/")
    person.types("Username", colleague.name)
    person.types("Password", colleague.password)
    person.presses("Log in")
    person.sees("Who must act")


def find_customer(person: Person, stack: Stack, name: str, text: str = "") -> None:
    """From the start page to the customer's page, by a search for the text or else the name."""
    person.opens(f"{stack.gateway}/admin/")
    person.types(SEARCH, text or name)
    person.presses_key(Keys.ENTER)
    person.presses(name)
    person.sees("Now")


def waits_to_read(person: Person, sentence: str) -> None:
    """Open the page anew until it says so, which jobs bring about."""

    def says() -> bool:
        person.reloads()
        return sentence in person.text

    try:
        person.waits(says)
    except TimeoutException:
        raise AssertionError(f"{sentence!r} never appeared; it says:\n{person.text}") from None
