"""What staff read: no words of the framework, times with their zone, rows by their own names."""

from __future__ import annotations

import re
from html import unescape

from django.test import Client as HttpClient

from nucleus.models import Tenant
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.rows import path_of, populate, row_of, screens

OF_THE_FRAMEWORK = (
    "Site administration", "Django", "Authentication and Authorization", "yielded into",
    "Create a new item",
)  # fmt: skip
TWELVE_HOURS = re.compile(r"\d (?:a|p)\.m\.")
TAGS = re.compile(r"<(?:script|style).*?</(?:script|style)>|<[^>]*>", re.DOTALL)


def text_of(http: HttpClient, path: str) -> str:
    """What a page shows, without markup."""
    response = http.get(path)
    assert response.status_code == 200, path
    return unescape(TAGS.sub(" ", response.content.decode()))


def leftovers(text: str) -> list[str]:
    """Words of the framework, and times without a zone."""
    return [words for words in OF_THE_FRAMEWORK if words in text] + TWELVE_HOURS.findall(text)


def test_pages_hold_no_words_of_the_framework(superuser: HttpClient, tenant: Tenant):
    empty = {
        path_of(model): leftovers(text_of(superuser, path_of(model))) for model, _ in screens()
    }
    populate(tenant)
    paths = ["/admin/", "/admin/password_change/"]
    for model, _ in screens():
        paths += [path_of(model), path_of(model, f"{row_of(model).pk}/change/")]
    filled = {path: leftovers(text_of(superuser, path)) for path in paths}
    assert {path: words for path, words in [*empty.items(), *filled.items()] if words} == {}


def test_times_are_sortable_and_name_their_zone(superuser: HttpClient, tenant: Tenant):
    populate(tenant)
    for path in ("/admin/integrations/job/", "/admin/integrations/auditlog/"):
        assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", text_of(superuser, path))


def test_rows_are_called_as_they_are(superuser: HttpClient, tenant: Tenant):
    populate(tenant)
    model = next(model for model, _ in screens() if model.__name__ == "WebhookSubscription")
    text = text_of(superuser, path_of(model, f"{row_of(model).pk}/change/"))
    assert "https://demo.example/" in text
    assert "Https" not in text


def test_an_empty_list_says_who_adds_rows(superuser: HttpClient, staff: Staff, tenant: Tenant):
    assert "The gateway creates them automatically" in text_of(
        superuser, "/admin/integrations/job/"
    )
    assert "Add the first one" in text_of(superuser, "/admin/access/application/")
    viewer = staff("access.view_application")
    assert "Add the first one" not in text_of(viewer, "/admin/access/application/")
    assert "Nothing matches" in text_of(superuser, "/admin/nucleus/client/?q=nobody")
