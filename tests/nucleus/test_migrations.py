"""Databases of before keep their rows."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from integrations.models import VendorUser
from nucleus.models import AggregationAccount, BankLink, Client

BUSINESSES = ("nucleus", "0003_businesses")


@pytest.fixture
def before_businesses(transactional_db: Any) -> Iterator[Any]:
    """The models as they were, in a database that is as it was."""
    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    states = [
        parent.key
        for name in (BUSINESSES, ("integrations", "0003_businesses"))
        for parent in graph.node_map[name].parents
        if parent.key != BUSINESSES
    ]
    try:
        executor.migrate(states)
        yield executor.loader.project_state(states).apps
    finally:
        call_command("migrate", verbosity=0)


def test_businesses_change_no_existing_row(before_businesses: Any):
    def create(app: str, model: str, **columns: Any) -> Any:
        return before_businesses.get_model(app, model)._base_manager.create(**columns)

    stray = uuid.uuid4()
    tenant = create("nucleus", "Tenant", slug="demo", name="Demo")
    common = {"tenant": tenant, "business_id": stray}
    client = create(
        "nucleus", "Client", username="ada", metadata={"ours": "yes"}, **common,
        identification_number="123-45-6789",
    )  # fmt: skip
    account = create("nucleus", "AggregationAccount", client=client, apr="1.5", **common)
    link = create(
        "nucleus", "BankLink", client=client, bank_account_number="1000", routing="68", **common
    )
    plain = create("nucleus", "Client", username="bob", tenant=tenant)
    user = create(
        "integrations", "VendorUser", tenant=tenant, client=client, vendor="mx", identifier="same"
    )
    call_command("migrate", verbosity=0)
    after = Client.unscoped.get(pk=client.pk)
    assert after.business is None
    assert after.metadata == {"business_id": str(stray), "ours": "yes"}
    assert after.identification_number == "123-45-6789"
    assert after.update_date == client.update_date
    assert Client.unscoped.get(pk=plain.pk).metadata == {}
    for model, row in ((AggregationAccount, account), (BankLink, link)):
        kept = model.unscoped.get(pk=row.pk)
        assert (kept.client_id, kept.business_id, kept.metadata) == (
            client.pk,
            None,
            {"business_id": str(stray)},
        )
    assert BankLink.unscoped.get().bank_account_number == "1000"
    assert str(AggregationAccount.unscoped.get().apr) == "1.50000000"
    kept_user = VendorUser.unscoped.get(pk=user.pk)
    assert (kept_user.owner, kept_user.identifier) == (after, "same")
