"""Swagger UI and ReDoc: complete without any other host, and usable to try the API."""

from __future__ import annotations

import uuid

import pytest
import requests
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from demo.stack import Stack
from tests.browser.person import Person
from tests.waiting import PATIENCE

REQUESTED = "return performance.getEntriesByType('resource').map(entry => entry.name)"
PAGES = [
    ("docs#/Aggregation%20account", "Create aggregation accounts of a connection"),
    ("redoc", "Get a widget link"),
]


@pytest.mark.parametrize(("page", "text"), PAGES)
def test_the_api_is_shown(person: Person, stack: Stack, page: str, text: str) -> None:
    person.opens(f"{stack.gateway}/{page}")
    person.sees(text)
    for url in person.driver.execute_script(REQUESTED):
        assert url.startswith((stack.gateway, "data:", "blob:")), url
    assert person.complaints() == []
    assert person.driver.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    icon = person.driver.find_element(By.CSS_SELECTOR, "link[rel=icon]").get_attribute("href")
    script = "const done = arguments[1]; fetch(arguments[0]).then((answer) => done(answer.status))"
    assert person.driver.execute_async_script(script, icon) == 200


@pytest.fixture
def swagger(person: Person, stack: Stack) -> Person:
    person.opens(f"{stack.gateway}/docs")
    person.sees("Nucleus webhook")  # a heading, below which its operations are
    return person


def test_the_oauth2_flow_and_one_post_after_the_other(swagger: Person, stack: Stack) -> None:
    """Client id and secret are enough; a second POST is not a repetition of the first."""
    authorizes(
        swagger,
        {
            "#client_id_clientCredentials": stack.client_id,
            "#client_secret_clientCredentials": stack.client_secret,
        },
    )
    body = f'{{"username": "{uuid.uuid4()}", "client_type": "consumer"}}'
    assert tried(swagger, "Client-createClient", body) == "201"
    assert tried(swagger, "Business-createBusiness", '{"legal_name": "Demo Bakery LLC"}') == "200"
    body = f'{{"username": "{uuid.uuid4()}", "client_type": "consumer"}}'
    assert tried(swagger, "Client-createClient", body, repeat=True) == "201"


def test_the_bearer_token(swagger: Person, stack: Stack) -> None:
    """A token from elsewhere works, too."""
    token = requests.post(
        f"{stack.gateway}/authorization/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(stack.client_id, stack.client_secret),
        timeout=PATIENCE,
    ).json()["access_token"]
    authorizes(swagger, {"#auth-bearer-value": token})
    assert tried(swagger, "Resource-listCurrency") == "200"


def authorizes(person: Person, fields: dict[str, str]) -> None:
    """Fill in one of the ways to authorize."""
    person.presses("Authorize")
    for selector, text in fields.items():
        type_into(person, selector, text)
    way = wait_for_element(person, next(iter(fields))).find_element(
        By.XPATH, "./ancestor::*[@class='auth-container']"
    )
    way.find_element(By.XPATH, ".//button[.='Authorize']").click()
    person.sees("Logout")
    wait_for_element(person, ".modal-ux .close-modal").click()


def tried(person: Person, operation: str, body: str = "", *, repeat: bool = False) -> str:
    """The status of the response to *Execute*, as the page shows it."""
    block = f"#operations-{operation}"
    if repeat:
        wait_for_element(person, f"{block} .btn-clear").click()
    else:
        opens_operations(person, operation.partition("-")[0])
        wait_for_element(person, f"{block} .opblock-summary-control").click()
        wait_for_element(person, f"{block} .try-out__btn").click()
    if body:
        type_into(person, f"{block} textarea.body-param__text", body)
    wait_for_element(person, f"{block} .execute").click()
    return wait_for_element(
        person, f"{block} .live-responses-table tbody .response-col_status"
    ).text.split()[0]


def opens_operations(person: Person, tag: str) -> None:
    heading = wait_for_element(person, f"#operations-tag-{tag}")
    if heading.get_attribute("data-is-open") == "false":
        heading.click()


def type_into(person: Person, selector: str, text: str) -> None:
    field = wait_for_element(person, selector)
    field.clear()
    field.send_keys(text)


def wait_for_element(person: Person, selector: str) -> WebElement:
    """Wait until the element is there."""
    element: WebElement = person.waiting.until(
        lambda driver: driver.find_element(By.CSS_SELECTOR, selector)
    )
    return element
