"""Staff in the admin: its widgets under its policy, and the connection test against the sandbox."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

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


def connection_says(staff: Person, text: str) -> None:
    staff.presses("Test connection")
    staff.sees(text)


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


def test_typed_keys_are_tested_and_stay_in_the_form(staff: Person, stack: Stack) -> None:
    staff.types(KEY, WRONG)
    connection_says(staff, "Failed: MX does not accept the keys")
    staff.sees("Nothing is stored yet")
    staff.types(KEY, stack.sandbox_api_key)
    connection_says(staff, "Works: MX accepts these keys")
    staff.photographs("admin-typed-keys-work")
    field = staff.driver.find_element(By.NAME, "secret")
    assert field.get_attribute("value") == stack.sandbox_api_key
    assert blocked(staff) == []
    staff.presses("Save and continue editing")
    staff.sees("Last test of what is stored: Works")


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


PAGES = (
    "", "nucleus/client/", "nucleus/currencyrate/add/", "integrations/job/", "auth/group/add/",
    "integrations/aggregationsettings/", "access/application/add/", "password_change/", "nothing/",
)  # fmt: skip


NO_MATTER = ("favicon", "404 (Not Found)", "[DOM]")  # hints, and a page that is not there


def blocked(staff: Person) -> list[str]:
    """What the browser refused because of the policy, or could not run."""
    return [line for line in staff.complaints() if not any(item in line for item in NO_MATTER)]


def shows(staff: Person, selector: str) -> bool:
    return any(
        element.is_displayed() for element in staff.driver.find_elements(By.CSS_SELECTOR, selector)
    )


def clicks(staff: Person, selector: str) -> None:
    staff.waits(lambda: shows(staff, selector))
    matches = staff.driver.find_elements(By.CSS_SELECTOR, selector)
    element = next(item for item in matches if item.is_displayed())
    staff.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def test_the_policy_blocks_nothing_that_pages_need(staff: Person, stack: Stack) -> None:
    for page in PAGES:
        staff.opens(f"{stack.gateway}/admin/{page}")
        staff.waits(lambda: "Alpine" in staff.driver.execute_script("return Object.keys(window)"))
        assert blocked(staff) == [], page


def test_menus_and_the_theme(staff: Person, stack: Stack) -> None:
    staff.opens(f"{stack.gateway}/admin/")
    clicks(staff, "#nav-sidebar [x-on\\:click*=openUserLinks]")
    clicks(staff, "a[x-on\\:click*=\"switchTheme('dark')\"]")
    staff.waits(
        lambda: "dark" in staff.driver.execute_script("return document.documentElement.className")
    )
    staff.photographs("admin-dark")
    staff.sees("Log out")
    assert blocked(staff) == []


def test_filters_and_actions_of_a_list(staff: Person, stack: Stack) -> None:
    staff.opens(f"{stack.gateway}/admin/access/application/")
    clicks(staff, "input.action-select")
    staff.chooses("Select action to run", "Make a new secret…")
    staff.presses("Run")
    staff.sees("Make a new client secret for each")
    staff.photographs("admin-confirmation")
    staff.presses("No, take me back")
    staff.opens(f"{stack.gateway}/admin/integrations/job/")
    staff.presses("Filters")
    staff.presses("Done")
    staff.waits(lambda: "state__exact=done" in staff.address)
    assert blocked(staff) == []


def test_the_widgets_of_forms(staff: Person, stack: Stack) -> None:
    staff.opens(f"{stack.gateway}/admin/nucleus/tenant/add/")
    staff.types("Name", "Second Demo")
    staff.waits(
        lambda: staff.driver.find_element(By.NAME, "slug").get_attribute("value") == "second-demo"
    )
    staff.opens(f"{stack.gateway}/admin/auth/user/")
    clicks(staff, "#result_list tbody a")  # the menu of the own account has the same name
    staff.waits(lambda: shows(staff, ".datetimeshortcuts a"))
    clicks(staff, ".datetimeshortcuts a")
    staff.waits(lambda: shows(staff, "select#id_user_permissions_from"))
    staff.photographs("admin-user")
    assert blocked(staff) == []


def test_searching_with_the_keyboard(staff: Person, stack: Stack) -> None:
    staff.opens(f"{stack.gateway}/admin/")
    staff.waits(lambda: shows(staff, "#menu-search"))
    staff.driver.find_element(By.ID, "menu-search").send_keys("jobs", Keys.ENTER)
    staff.sees("screen under Operations")
    staff.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.CONTROL, "k")
    staff.waits(lambda: shows(staff, "#search-input-command"))
    field = staff.driver.find_element(By.ID, "search-input-command")
    field.send_keys("nobody-of-this-name")
    staff.sees("Nothing was found for")
    field.clear()
    field.send_keys("customer")
    staff.waits(lambda: shows(staff, "#command-results-list li a"))
    field.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    staff.waits(lambda: "/search/" not in staff.address)
    assert blocked(staff) == []


def test_smuggled_script_does_not_run(staff: Person, stack: Stack) -> None:
    """The policy is the second line: even markup that got through would run nothing."""
    staff.opens(f"{stack.gateway}/admin/")
    staff.driver.execute_script(
        "const holder = document.createElement('div');"
        "holder.innerHTML = '<img src=x onerror=\"window.smuggled = 1\">';"
        "const script = document.createElement('script'); script.text = 'window.smuggled = 2';"
        "document.body.append(holder, script);"
    )
    staff.waits(lambda: any("Content Security Policy" in line for line in staff.complaints()))
    assert staff.driver.execute_script("return window.smuggled") is None
