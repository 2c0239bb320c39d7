"""Why a customer's bank is not updating: each role finds the cause, and the fix or whom to ask."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client as HttpClient
from django.utils import timezone

from integrations.flows.connection_state import USER_DISABLED
from integrations.models import (
    CredentialHealth,
    InboundWebhook,
    Job,
    JobState,
    Member,
    VendorCredential,
)
from integrations.vendors.records import ActionRequiredBy
from nucleus.models import Tenant
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.customers import REFUSED, Customer

ROLES = ("Viewer", "Support", "Operator", "Administrator")
LINK = re.compile(r'href="(/admin/[^"#]*)"')


@dataclass(frozen=True)
class Cause:
    """What is wrong, what staff read about it, and the first role that may mend it."""

    happens: Callable[[Customer], object]
    sentences: tuple[str, ...]
    button: str
    opens: str  # what the page behind the button says
    mended_by: str

    def is_mended_by(self, role: str) -> bool:
        return ROLES.index(role) >= ROLES.index(self.mended_by)


def wrong_password(customer: Customer) -> None:
    Member.unscoped.update(**REFUSED)


def keys_refused(customer: Customer) -> None:
    credential = VendorCredential.unscoped.get()
    now = timezone.now()
    CredentialHealth.objects.create(
        credential=credential, state=CredentialHealth.State.REFUSED, since=now,
        retry_at=now + timedelta(minutes=10),
    )  # fmt: skip


def user_disabled(customer: Customer) -> None:
    Member.unscoped.update(
        connection_status=USER_DISABLED, actor=ActionRequiredBy.STAFF.value, next_step=""
    )


def silent_webhooks(customer: Customer) -> None:
    """The vendor has imported since its last webhook; the regular check has read that."""
    now = timezone.now()
    Member.unscoped.update(successfully_aggregated_at=now - timedelta(hours=3), checked_at=now)
    webhook = InboundWebhook.objects.create(
        tenant=customer.ada.tenant, vendor="mx", body="{}", digest="0", state="handled"
    )
    InboundWebhook.objects.filter(pk=webhook.pk).update(create_date=now - timedelta(days=3))


CAUSES = {
    "wrong password": Cause(
        wrong_password,
        ("MX Bank: Waiting for its customer. The customer has to log in again (status DENIED).",),
        "Repair link: MX Bank…", "Yes, make the link", "Support",
    ),
    "dead job": Cause(
        Customer.dead_job,
        ("MX Bank: Our job is dead. We gave up reading it", "The vendor answered 500"),
        "Retry the dead job: MX Bank…", "Yes, retry it", "Support",
    ),
    "keys refused": Cause(
        keys_refused,
        ("MX Bank: Keys refused. MX refuses the keys in use. Correct them under Credentials",),
        "Open the credentials", "Test connection", "Operator",
    ),
    "user disabled": Cause(
        user_disabled,
        ("MX Bank: Waiting for us. The user is disabled at MX. Enable it in MX&#x27;s dashboard",),
        "Refresh: MX Bank…", "Yes, refresh it", "Support",
    ),
    "silent webhooks": Cause(
        silent_webhooks,
        (
            "1 connection without problem, but new data arrives late.",
            "and sent no webhook for it; the last one arrived at",
            "Until then new data arrives with the regular check only, every 6 hours.",
        ),
        "Open the webhook settings", "Webhook Secret", "Operator",
    ),
}  # fmt: skip


def found_page(http: HttpClient, customer: Customer) -> str:
    """The page that a search for the customer's name leads to."""
    assert 'action="/admin/search/"' in http.get("/admin/").content.decode()
    results = http.get("/admin/search/", {"s": "Ada Lovelace"}).content.decode()
    assert f'href="{customer.path}change/"' in results
    return customer.page(http)


def address_of(page: str, button: str) -> str | None:
    """Where the button with this name leads to."""
    match = re.search(rf'href="([^"]+)"[^>]*>{re.escape(button)}</a>', page)
    return match[1] if match else None


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", CAUSES)
def test_the_cause_and_the_fix_are_two_pages_away(
    customer: Customer, staff: Staff, tenant: Tenant, name: str, role: str
):
    cause = CAUSES[name]
    cause.happens(customer)
    http = staff(role=role, tenants=[tenant])
    page = found_page(http, customer)
    for sentence in cause.sentences:
        assert sentence in page
    address = address_of(page, cause.button)
    if cause.is_mended_by(role):
        assert address is not None
        assert "You may not do this yourself" not in page
        response = http.get(address)
        assert response.status_code == 200
        assert cause.opens in response.content.decode()
    else:
        assert address is None
        assert f"(<em>{cause.button}</em>): ask somebody with the role" in page
        assert "Administrator" in page.split("ask somebody with the role")[1].split(".")[0]


@pytest.mark.parametrize("role", ROLES)
def test_nothing_on_the_page_leads_to_a_refusal(
    customer: Customer, staff: Staff, tenant: Tenant, role: str
):
    customer.dead_job()
    wrong_password(customer)
    http = staff(role=role, tenants=[tenant])
    pages = ["/admin/", f"{customer.path}change/"]
    links = {link for page in pages for link in LINK.findall(http.get(page).content.decode())}
    statuses = {link: http.get(link).status_code for link in links if "logout" not in link}
    assert {link: status for link, status in statuses.items() if status not in (200, 302)} == {}
    assert len(links) > 20


def test_pressing_the_fix_works(customer: Customer, staff: Staff, tenant: Tenant):
    job = customer.dead_job()
    http = staff(role="Support", tenants=[tenant])
    address = address_of(found_page(http, customer), "Retry the dead job: MX Bank…")
    assert address is not None
    page = http.post(address, follow=True).content.decode()
    assert "Our job is dead" not in page
    job.refresh_from_db()
    assert job.state == JobState.READY
    user_disabled(customer)
    Job.objects.all().delete()
    address = address_of(customer.page(http), "Refresh: MX Bank…")
    assert address is not None
    assert "MX Bank is refreshed" in http.post(address, follow=True).content.decode()
    assert Job.objects.filter(kind="refresh_member").exists()


def test_whom_to_ask_follows_the_roles(customer: Customer, staff: Staff, tenant: Tenant):
    keys_refused(customer)
    page = customer.page(staff(role="Support"))
    assert "ask somebody with the role Operator or Administrator." in page
    assert "ask" not in customer.page(staff(name="root", is_superuser=True)).split("Identity")[0]
