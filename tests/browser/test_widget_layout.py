"""The Connect widget on a small screen, in both colour schemes."""

from __future__ import annotations

import pytest

from tests.browser.person import Person
from tests.browser.test_widget import log_in
from tests.world import World

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_small_phone(person: Person, world: World, scheme: str):
    person.resizes(320, 550)
    person.opens(world.widget(color_scheme=scheme))
    person.sees("8 institutions")
    person.photographs(f"widget-phone-{scheme}-search")
    assert person.page_width() <= 320
    log_in(person, "image_options")
    person.sees("MX Bank asks")
    person.photographs(f"widget-phone-{scheme}-question")
    assert person.page_width() <= 320
    assert person.complaints() == []
