"""What a person does at a browser, in their words: labels and names, not selectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE = 90  # only ever spent when something is wrong
TRIES = 5
ROWS = """
    const table = [...document.querySelectorAll("table")]
        .find((one) => one.caption?.textContent === arguments[0]);
    return table && [...table.tBodies[0].rows].map((row) => [...row.cells].map((c) => c.innerText));
"""
# One call of the driver: element.text takes seconds on the long pages of the API's documentation.
SHOWS = """
    const words = arguments[0];
    const contains = (element) =>
        element?.checkVisibility() && element.innerText?.replaceAll("\\u00a0", " ").includes(words);
    const shows = (element) => {
        const inner = [...element.children].filter(contains);
        return element.checkVisibility({ opacityProperty: true }) &&
            (inner.length === 0 || inner.some(shows));
    };
    return contains(document.body) && shows(document.body);
"""
# The elements of a selector that may be on view, for the driver to look at one by one.
VISIBLE_ELEMENTS = """
    return [...document.querySelectorAll(arguments[0])].filter((one) => one.checkVisibility());
"""
BUTTONS = "button, a, [role=button], input[type=submit]"
SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"


class Person:
    """Somebody who reads the page and uses what it offers."""

    def __init__(self, driver: WebDriver) -> None:
        self.driver = driver
        self.origins: set[str] = set()  # of the pages that were opened
        self.waiting = WebDriverWait(
            driver, PATIENCE, 0.1, ignored_exceptions=[StaleElementReferenceException]
        )

    def opens(self, url: str) -> None:
        self.origins.add("{0.scheme}://{0.netloc}".format(urlsplit(url)))
        self.driver.get(url)

    def reloads(self) -> None:
        self.driver.refresh()

    def sees(self, expected_text: str) -> None:
        """Wait until the words are on the page, visibly."""
        try:
            self.waiting.until(lambda driver: driver.execute_script(SHOWS, expected_text))
        except TimeoutException:
            observed = self.driver.find_element(By.TAG_NAME, "body").text
            raise AssertionError(
                f"{expected_text!r} never appeared; the page says:\n{observed}"
            ) from None

    @property
    def address(self) -> str:
        return self.driver.current_url

    @property
    def text(self) -> str:
        """What is visible."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    @property
    def source(self) -> str:
        """Everything the browser holds of the page, shown or not."""
        return self.driver.page_source

    def presses(self, name: str) -> None:
        """Press the first usable button or link with this name, again if it is redrawn."""
        for _ in range(TRIES):
            with suppress(StaleElementReferenceException):
                self._wait_for(name, BUTTONS, _named(name)).click()
                return
        raise AssertionError(f"{name!r} is redrawn all the time")

    def finds(self, name: str) -> None:
        """Wait until a button or link with this name can be used."""
        self._wait_for(name, BUTTONS, _named(name))

    def types(self, label: str, text: str) -> None:
        """Fill the field with this label."""
        field = self._wait_for(label, "input, textarea", _labelled(label))
        field.clear()
        field.send_keys(text)

    def picks(self, label: str) -> None:
        """Pick one of several choices."""
        self._wait_for(label, "input[type=radio]", _labelled(label)).click()

    def uses(self) -> str:
        """The name of what has the keyboard's focus."""
        return str(self.driver.switch_to.active_element.accessible_name)

    def presses_key(self, key: str) -> None:
        ActionChains(self.driver).send_keys(key).perform()

    def waits(self, until: Callable[[], bool]) -> None:
        """Until something is so."""
        self.waiting.until(lambda _: until())

    def only_field(self) -> str:
        """The label of the one field that is asked for."""
        return str(self.waiting.until(_only_field).accessible_name)

    def chooses(self, label: str, option: str) -> None:
        """Choose from the list with this label."""
        Select(self._wait_for(label, "select", _labelled(label))).select_by_visible_text(option)

    def rows(self, caption: str) -> list[list[str]]:
        """The cells of the table with this caption."""
        result = self.driver.execute_script(ROWS, caption)
        assert result is not None, f"There is no table {caption!r}"
        return [[str(cell) for cell in row] for row in result]

    @contextmanager
    def inside_the_widget(self) -> Iterator[None]:
        """Look into the frame that MX's loader made."""
        frame = self.waiting.until(
            lambda driver: driver.find_element(By.CSS_SELECTOR, "#addAccount iframe")
        )
        self.driver.switch_to.frame(frame)
        try:
            yield
        finally:
            self.driver.switch_to.default_content()

    @contextmanager
    def in_the_other_window(self) -> Iterator[None]:
        """Look into the window that was opened last, and close it afterwards."""
        first = self.driver.current_window_handle
        self.waits(lambda: len(self.driver.window_handles) > 1)
        self.driver.switch_to.window(self.driver.window_handles[-1])
        try:
            yield
        finally:
            self.driver.close()
            self.driver.switch_to.window(first)

    def photographs(self, name: str) -> None:
        """Keep a screenshot for people to look at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SCREENSHOTS / f"{name}.png"))

    def resizes(self, width: int, height: int) -> None:
        """Another device; the window itself cannot be this narrow."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def page_width(self) -> int:
        """In CSS pixels; more than the window's means scrolling sideways."""
        return int(self.driver.execute_script("return document.documentElement.scrollWidth"))

    def prefers_dark(self) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def prefers_light(self) -> None:
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})

    def complaints(self) -> list[str]:
        """What the browser itself found wrong, such as blocked scripts."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]

    def _wait_for(
        self, expected_text: str, selector: str, matches: Callable[[WebElement], bool]
    ) -> WebElement:
        def usable(driver: WebDriver) -> WebElement | None:
            for element in driver.execute_script(VISIBLE_ELEMENTS, selector):
                if matches(element) and element.is_displayed() and element.is_enabled():
                    return element
            return None

        try:
            result: WebElement = self.waiting.until(usable)  # type: ignore[assignment]
        except TimeoutException:
            raise AssertionError(f"There is nothing called {expected_text!r} to use") from None
        return result


def _only_field(driver: WebDriver) -> WebElement | Literal[False]:
    fields = [
        element for element in driver.find_elements(By.TAG_NAME, "input") if element.is_displayed()
    ]
    return fields[0] if len(fields) == 1 else False


def _named(name: str) -> Callable[[WebElement], bool]:
    """By name or by a line of text: the admin's icons are words of a font."""
    return lambda element: name in (element.accessible_name, *element.text.splitlines())


def _labelled(label: str) -> Callable[[WebElement], bool]:
    return lambda element: element.accessible_name.strip(" :*") == label
