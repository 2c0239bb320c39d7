"""A real browser against the real stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from demo.stack import Stack
from tests import stack as stacks
from tests.browser import chromium
from tests.browser.person import Person


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    directory = Path(__file__).parent
    for item in items:
        if directory in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not (chromium.BROWSER and chromium.DRIVER):
                reason = "no chromium and chromedriver: apt-get install chromium chromium-driver"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Everything `make run` starts, once for all browser tests."""
    with stacks.running() as running:
        yield running


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser for all tests; starting one takes longer than most of them."""
    driver = chromium.start(tmp_path_factory.mktemp("profile"))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def person(browser: webdriver.Chrome) -> Iterator[Person]:
    """Somebody in an empty window, without cookies, stored data or cached pages."""
    own, *others = browser.window_handles
    for handle in others:
        browser.switch_to.window(handle)
        browser.close()
    browser.switch_to.window(own)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.get_log("browser")  # which empties it
    person = Person(browser)
    yield person
    browser.switch_to.default_content()
    browser.get("about:blank")  # a page that polls would go on during other tests
    for origin in person.origins:
        kinds = {"origin": origin, "storageTypes": "all"}
        browser.execute_cdp_cmd("Storage.clearDataForOrigin", kinds)
