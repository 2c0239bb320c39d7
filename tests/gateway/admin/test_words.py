"""What staff read: no words of the framework, times with their zone, rows by their own names."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group
from django.test import Client as HttpClient

from nucleus.models import Client, Tenant
from tests.factories.nucleus import TenantFactory
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.rows import path_of, populate, row_of, screens

pytestmark = pytest.mark.embedded  # many pages, the same on every database

OF_THE_FRAMEWORK = (
    "Site administration", "Django", "Authentication and Authorization", "yielded into",
    "Create a new item", "hange history", "admin site", "Important dates", "View site",
)  # fmt: skip
LEFTOVERS = re.compile(
    r"\d (?:a|p)\.m\.|\bmembers?\b|\bclients?\b|\bguids?\b|\bslug\b|\b(?:is|by is) active\b"
    r"|(?-i:\b[a-z]+_[a-z_]+\b)|\b(?:create|update) date\b|select [\w ]+ to (?:change|view)\b"
    r"|nucleus \||integrations \||<\w+\.\w+: ",
    re.IGNORECASE,
)
# Names of MX and OAuth; names of the sandbox's people; what is typed as it is into a file, a
# command or a request.
ALLOWED = re.compile(
    r"client[ -](?:ids?|secrets?|of MX|dashboard)\b|“members”|client-\d+"
    r"|currency_code_from,currency_code_to,exchange_rate|manage.py \w+|grant_type=password"
    r"|account_numbers",
    re.IGNORECASE,
)
ICONS = re.compile(r"<(\w+)[^>]*material-symbols[^>]*>[^<]*</\1>")
TAGS = re.compile(
    r'<(?:script|style).*?</(?:script|style)>|<pre class="json-block">.*?</pre>|<[^>]*>', re.DOTALL
)
ATTRIBUTES = re.compile(r'\b(?:placeholder|aria-label|title|alt)="([^"]*)"')
PAGES = ("", "setup/", "doctor/", "encryption_keys/", "second-factor/", "sessions/",
         "password_change/", "search/?s=Demo", "integrations/job/errors/",
         "integrations/inboundwebhook/again/")  # fmt: skip


def text_of(http: HttpClient, path: str) -> str:
    """What a page shows and what screen readers read, without markup, icons and JSON."""
    response = http.get(path)
    assert response.status_code == 200, path
    page = response.content.decode()
    return unescape("\n".join([TAGS.sub(" ", ICONS.sub("", page)), *ATTRIBUTES.findall(page)]))


def leftovers(text: str) -> list[str]:
    """Names of fields and of the API, words of the framework, and times without a zone."""
    names = [match[0] for match in LEFTOVERS.finditer(ALLOWED.sub("", text))]
    return [words for words in OF_THE_FRAMEWORK if words in text] + names


def screens_of(superuser: HttpClient) -> list[str]:
    """The addresses of the list, of the forms and of one row of each screen."""
    paths = []
    for model, screen in screens():
        row = path_of(model, f"{row_of(model).pk}/")
        paths += [path_of(model), f"{row}change/", f"{row}history/"]
        request = superuser.get(path_of(model)).wsgi_request
        if screen.has_add_permission(request):
            paths.append(path_of(model, "add/"))
        if screen.has_delete_permission(request):
            paths.append(f"{row}delete/")
    return paths


def test_pages_hold_no_names_of_fields_and_no_words_of_the_framework(
    superuser: HttpClient, tenant: Tenant
):
    empty = {
        path_of(model): leftovers(text_of(superuser, path_of(model))) for model, _ in screens()
    }
    populate(tenant)
    TenantFactory()
    client = row_of(Client).pk
    paths = [f"/admin/{page}" for page in PAGES] + screens_of(superuser)
    paths += [f"/admin/setup/{tenant.pk}/", path_of(Client, f"{client}/fields/")]
    filled = {path: leftovers(text_of(superuser, path)) for path in paths}
    assert {path: words for path, words in [*empty.items(), *filled.items()] if words} == {}


def test_permissions_are_named_after_screens(superuser: HttpClient, staff: Staff, tenant: Tenant):
    role = Group.objects.get(name="Viewer").pk
    text = text_of(superuser, f"/admin/auth/group/{role}/change/")
    assert "Customers: view" in text
    assert "Can view" not in text
    text = text_of(superuser, "/admin/auth/group/add/")
    assert "Connections: change" in text
    assert "Can reveal account and routing numbers" in text
    assert "redential health" not in text  # has no screen


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
