"""Numbers are revealed by POST, with the permission and a reason, and never recorded."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client as HttpClient

from nucleus.models import StaffAction, Tenant
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BankLinkFactory,
    ClientFactory,
    TenantFactory,
)
from tests.gateway.admin.conftest import Staff

NUMBER, ROUTING = "100012345678", "688999900"
REASON = "Ticket 4711"
PERMISSIONS = (
    "nucleus.view_aggregationaccount", "nucleus.view_banklink", "nucleus.reveal_numbers",
)  # fmt: skip


def rows(tenant: Tenant) -> list[tuple[str, Any]]:
    client: Any = ClientFactory(tenant=tenant)
    account: Any = AggregationAccountFactory(client=client, account_number=NUMBER)
    link: Any = BankLinkFactory(client=client, bank_account_number=NUMBER, routing=ROUTING)
    return [
        (f"/admin/nucleus/{name}/{row.pk}/", row)
        for name, row in (("aggregationaccount", account), ("banklink", link))
    ]


def post(http: HttpClient, path: str, reason: str) -> Any:
    return http.post(f"{path}reveal/", {"reason": reason})


def test_numbers_are_revealed_for_a_reason(staff: Staff, tenant: Tenant, caplog: Any):
    http = staff(*PERMISSIONS)
    for path, row in rows(tenant):
        for response in (
            http.get(f"{path}reveal/"),
            post(http, path, ""),
            http.get(f"{path}change/"),
        ):
            assert response.status_code == 200
            assert NUMBER not in response.content.decode()
        assert f'href="{path}reveal/"' in http.get(f"{path}change/").content.decode()
        refused = post(http, path, f"number {NUMBER}")
        assert "Leave the number out" in refused.content.decode()
        assert not LogEntry.objects.filter(object_id=row.pk).exists()
        response = post(http, path, REASON)
        assert NUMBER in response.content.decode()
        assert "no-store" in response["Cache-Control"]
        entry = LogEntry.objects.get(object_id=row.pk)
        assert REASON in entry.get_change_message()
        assert NUMBER not in str(vars(entry))
    assert ROUTING in response.content.decode()
    assert StaffAction.objects.filter(kind=StaffAction.Kind.REVEAL).count() == 2
    assert NUMBER not in caplog.text


@pytest.mark.parametrize("missing", PERMISSIONS)
def test_each_permission_is_needed(staff: Staff, tenant: Tenant, missing: str):
    http = staff(*(name for name in PERMISSIONS if name != missing))
    for path, row in rows(tenant):
        if "view_" in missing and not missing.endswith(row._meta.model_name):
            continue
        response = post(http, path, REASON)
        assert response.status_code == 403
        assert NUMBER not in response.content.decode()
    assert not LogEntry.objects.exists()


def test_numbers_of_other_tenants_do_not_exist(staff: Staff, tenant: Tenant):
    other: Any = TenantFactory()
    http = staff(*PERMISSIONS, tenants=[other])
    for path, _ in rows(tenant):
        assert post(http, path, REASON).status_code == 404
