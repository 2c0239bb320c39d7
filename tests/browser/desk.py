"""Staff of the admin: people with a role, and what all of them do."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass

import requests
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.keys import Keys

from demo.gateway import Gateway
from demo.stack import Stack
from demo.story import Walkthrough
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

    def add_tenant(self, stack: Stack, name: str) -> Gateway:
        """Add a tenant with the same keys of MX, to which no webhooks are sent; its API."""
        self._post("nucleus/tenant/add/", {
            "name": name, "slug": name.lower(), "currency_code": "USD", "is_active": "on",
        })  # fmt: skip
        page = self._get("integrations/vendorcredential/add/")
        option = re.search(rf'<option value="([0-9a-f-]+)"[^>]*>\s*{name}\s*</option>', page)
        assert option is not None
        tenant = option[1]
        api, _, version = stack.mx_api.partition("/")
        self._post("integrations/vendorcredential/add/", {
            "tenant": tenant, "versioned_api": f"mx/{api}/{version}", "environment": "custom",
            "base_url": stack.sandbox, "client_id": stack.sandbox_client_id,
            "secret": stack.sandbox_api_key, "is_active": "on",
        })  # fmt: skip
        page = self._submit("access/application/add/", {
            "tenant": tenant, "name": name, "scopes": "create read update delete",
            "is_active": "on", "_continue": "",
        }).text  # fmt: skip
        secret = re.search(r"client secret (\S+) - it is not shown again", page)
        client_id = re.search(
            r'Client ID.*?class="[^"]*readonly[^"]*">\s*([\w-]+)', page, re.DOTALL
        )
        assert secret is not None
        assert client_id is not None
        return Gateway(stack.gateway, client_id[1], secret[1])

    def _get(self, path: str) -> str:
        response = self.session.get(self.url + path, timeout=TIMEOUT)
        assert response.ok, path
        return response.text

    def _post(self, path: str, fields: dict[str, object]) -> str:
        """Submit a form; the path below /admin/ that follows."""
        return self._submit(path, fields).url.removeprefix(self.url)

    def _submit(self, path: str, fields: dict[str, object]) -> requests.Response:
        """Submit a form; the page that follows."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self._get(path))
        assert token is not None
        response = self.session.post(
            self.url + path,
            data={**fields, "csrfmiddlewaretoken": token[1]},
            headers={"Referer": self.url},
            timeout=TIMEOUT,
        )
        assert response.history, f"The form was refused: {response.text}"
        return response


def linked(api: Gateway, stack: Stack, name: str) -> Walkthrough:
    """A new customer, "Demo" and this name, who has linked a bank."""
    customer = Walkthrough(api, stack.mx(), client={})
    customer.client = customer.call(
        "POST", "/nucleus/v1/client", username=f"demo-{name.lower()}-{time.time_ns()}",
        client_type="consumer", first_name="Demo", last_name=name,
    )  # fmt: skip
    customer.link()
    return customer


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
