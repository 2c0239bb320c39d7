"""Migrations keep the rows of existing databases."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from integrations.flows import connections
from integrations.models import Job, VendorUser
from nucleus import writes
from nucleus.models import AggregationAccount, BankLink, Client, Institution, Merchant
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import BankLinkFactory, TenantFactory

BUSINESSES = ("nucleus", "0003_businesses")
USERNAME_KEYS = ("nucleus", "0009_username_keys")
BEFORE_SOURCES = ("nucleus", "0010_username_keys_unique")


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


def test_the_migration_of_businesses_keeps_existing_rows(before_businesses: Any):
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


@pytest.fixture
def before_username_keys(transactional_db: Any) -> Iterator[Any]:
    """The models as they were, in a database that is as it was."""
    executor = MigrationExecutor(connection)
    (parent,) = executor.loader.graph.node_map[USERNAME_KEYS].parents
    try:
        executor.migrate([parent.key])
        yield executor.loader.project_state([parent.key]).apps
    finally:
        call_command("migrate", verbosity=0)


def test_the_migration_of_username_keys_keeps_look_alikes(before_username_keys: Any):
    """The oldest counts as before; none can be added, and one that is renamed is like any other."""

    def rows(model: str) -> Any:
        return before_username_keys.get_model("nucleus", model)._base_manager

    first, second = (rows("Tenant").create(slug=slug, name="Demo") for slug in ("one", "two"))
    names = ["good", "GOOD", "g\u00f6d", "g\u043e\u043ed", "x\ny", "another"]
    for name in names:
        rows("Client").create(tenant=first, username=name)
    rows("Client").create(tenant=second, username="Good")
    rows("Client").bulk_create(
        before_username_keys.get_model("nucleus", "Client")(tenant=second, username=f"many {n}")
        for n in range(1100)
    )
    call_command("migrate", verbosity=0)
    after = {row.username: row for row in Client.unscoped.filter(tenant=first.pk)}
    assert set(after) == set(names)
    assert {name: row.shares_username_key for name, row in after.items()} == {
        name: name in ("GOOD", "g\u043e\u043ed") for name in names
    }
    assert {row.username_key for row in after.values()} == {"good", "g\u00f6d", "x y", "another"}
    assert not Client.unscoped.filter(username_key="").exists()
    assert not Client.unscoped.get(username="Good").shares_username_key
    for row in after.values():
        row.save()  # nothing stands in the way of ordinary changes
    renamed = after["GOOD"]
    renamed.username = "Fine"
    renamed.save(update_fields=["username"])
    renamed.refresh_from_db()
    assert (renamed.username_key, renamed.shares_username_key) == ("fine", False)


@pytest.fixture
def before_holder_sources(transactional_db: Any) -> Iterator[Any]:
    """A database in which no bank link says who named its holder; its models of integrations."""
    state = [("integrations", "0004_audit_erasures_nucleus_webhooks")]
    executor = MigrationExecutor(connection)
    try:
        executor.migrate(state)
        yield executor.loader.project_state(state).apps
    finally:
        call_command("migrate", verbosity=0)


def test_the_migration_of_holders_marks_them_not_confirmed(before_holder_sources: Any):
    verified: Any
    verified, manual = (BankLinkFactory(metadata={"ours": "yes"}) for _ in range(2))

    def create(model: str, **columns: Any) -> Any:
        rows = before_holder_sources.get_model("integrations", model)._base_manager
        return rows.create(tenant_id=verified.tenant_id, **columns)

    user = create("VendorUser", client_id=verified.client_id, vendor="mx", identifier="x")
    member = create("Member", vendor_user=user, vendor_member_id="MBR-1")
    create("VerifiedLink", member=member, vendor_account_id="ACT-1", bank_link_id=verified.pk)
    call_command("migrate", verbosity=0)
    marked = BankLink.unscoped.get(pk=verified.pk)
    assert marked.metadata == {"ours": "yes", "bank_account_holder_source": "not_confirmed"}
    assert marked.bank_account_number == verified.bank_account_number
    assert BankLink.unscoped.get(pk=manual.pk).metadata == {"ours": "yes"}


@pytest.fixture
def before_sources(transactional_db: Any) -> Iterator[Any]:
    """A database in which codes and keys are unique among all vendors."""
    executor = MigrationExecutor(connection)
    try:
        executor.migrate([BEFORE_SOURCES])
        yield executor.loader.project_state([BEFORE_SOURCES]).apps
    finally:
        call_command("migrate", verbosity=0)


def test_the_migration_of_shared_rows_names_mx_as_vendor(before_sources: Any):
    def create(model: str, **columns: Any) -> Any:
        return before_sources.get_model("nucleus", model)._base_manager.create(**columns)

    tenant = create("Tenant", slug="demo", name="Demo")
    shared = create("Institution", code="mxbank", name="MX Bank")
    own = create("Institution", code="mxbank", name="Own", tenant=tenant)
    merchant = create("Merchant", source_id="MCH-1", name="Shop")
    location = create("MerchantLocation", source_id="MCL-1")
    call_command("migrate", verbosity=0)
    sources = dict(Institution.objects.values_list("pk", "source"))
    assert sources == {shared.pk: "mx", own.pk: ""}
    assert Institution.objects.get(pk=shared.pk).update_date == shared.update_date
    assert writes.upsert_institution(source="mx", code="mxbank", name="MX Bank").pk == shared.pk
    assert writes.upsert_merchant(source="mx", source_id="MCH-1", name="Shop").pk == merchant.pk
    assert writes.upsert_merchant_location(source="mx", source_id="MCL-1").pk == location.pk
    other = writes.upsert_merchant(source="other", source_id="MCH-1", name="Another shop")
    assert other.pk != merchant.pk
    assert Merchant.objects.get(pk=merchant.pk).name == "Shop"
    bank = writes.upsert_institution(source="other", code="mxbank", name="Another bank")
    assert bank.pk not in sources


def test_lock_keys_of_before_name_mx(transactional_db: Any):
    tenant: Any = TenantFactory()
    before = ("integrations", "0010_member_secret")
    keys = {"member": f"{tenant.pk}:member:MBR-1", "other": f"{tenant.pk}:erase_client:1"}
    try:
        MigrationExecutor(connection).migrate([before])
        for kind, key in keys.items():
            JobFactory(tenant=tenant, kind=kind, lock_key=key)
    finally:
        call_command("migrate", verbosity=0)
    user = VendorUser(tenant=tenant, vendor="mx")
    assert dict(Job.objects.values_list("kind", "lock_key")) == {
        "member": connections.lock_key(user, "MBR-1"),
        "other": keys["other"],
    }
