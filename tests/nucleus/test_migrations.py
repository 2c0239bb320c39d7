"""Migrations keep the rows of existing databases, and lead to the tables of a new one.

One database that is old at first is migrated in the steps that these tests are about. A new
database does not take these steps: see `replaces` in the first migration of each app.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from integrations.flows import connections
from integrations.models import Job, VendorUser
from nucleus import writes
from nucleus.models import AggregationAccount, BankLink, Client, Institution, Merchant
from tests import schemas, templates

BEFORE_BUSINESSES = [
    ("nucleus", "0002_one_index_per_lookup"),
    ("integrations", "0002_webhooks_and_health"),
]
# Nobody says who named the holder of a bank link, and usernames have no keys.
BEFORE_HOLDER_SOURCES = [
    ("nucleus", "0008_merchants_of_a_tenant"),
    ("integrations", "0004_audit_erasures_nucleus_webhooks"),
]
# Codes and keys are unique among all vendors, and jobs' locks do not name one.
BEFORE_SOURCES = [
    ("nucleus", "0010_username_keys_unique"),
    ("integrations", "0010_member_secret"),
]
NAMES = ["good", "GOOD", "g\u00f6d", "g\u043e\u043ed", "x\ny", "another"]


class OldModels:
    """The models as they are in a database that is migrated so far."""

    def __init__(self, targets: list[tuple[str, str]]) -> None:
        executor = MigrationExecutor(connection)
        executor.loader = MigrationLoader(connection, replace_migrations=False)
        executor.migrate(targets)
        self._apps = executor.loader.project_state(targets).apps

    def rows(self, label: str) -> Any:
        return self._apps.get_model(label)._base_manager

    def create(self, label: str, **columns: Any) -> Any:
        return self.rows(label).create(**columns)


@dataclass
class Before:
    """The rows that were stored before."""

    url: str = ""
    tenant: Any = None
    rows: dict[str, Any] = field(default_factory=dict)
    stray_id: uuid.UUID = field(default_factory=uuid.uuid4)


@pytest.fixture(scope="module")
def upgraded(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Before]:
    """A database of old, in the test database's place; answers what was stored in it."""
    stored = Before()
    directory = tmp_path_factory.mktemp("old")
    with (
        templates.temporary(directory, migrated=False) as url,
        django_db_blocker.unblock(),
        _test_database(url),
    ):
        stored.url = url
        _store_owners(OldModels(BEFORE_BUSINESSES), stored)
        _store_links_and_usernames(OldModels(BEFORE_HOLDER_SOURCES), stored)
        _store_shared_rows_and_jobs(OldModels(BEFORE_SOURCES), stored)
        call_command("migrate", verbosity=0)
        yield stored


@pytest.fixture
def before(upgraded: Before, django_db_blocker: DjangoDbBlocker) -> Iterator[Before]:
    """That database, for a test that may write."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield upgraded
        transaction.set_rollback(True)


@contextlib.contextmanager
def _test_database(url: str) -> Iterator[None]:
    """Use that database in the test database's place."""
    regular = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = templates.database_name(url)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = regular


def _store_owners(old: OldModels, stored: Before) -> None:
    tenant = stored.tenant = old.create("nucleus.Tenant", slug="demo", name="Demo")
    common = {"tenant": tenant, "business_id": stored.stray_id}
    client = old.create(
        "nucleus.Client", username="ada", metadata={"ours": "yes"}, **common,
        identification_number="123-45-6789",
    )  # fmt: skip
    stored.rows |= {
        "client": client,
        "plain": old.create("nucleus.Client", username="bob", tenant=tenant),
        "account": old.create("nucleus.AggregationAccount", client=client, apr="1.5", **common),
        "link": old.create(
            "nucleus.BankLink", client=client, bank_account_number="1000", routing="68", **common
        ),
        "user": old.create(
            "integrations.VendorUser", tenant=tenant, client=client, vendor="mx", identifier="same"
        ),
    }


def _store_links_and_usernames(old: OldModels, stored: Before) -> None:
    for slug in ("look-alikes", "many"):
        stored.rows[slug] = old.create("nucleus.Tenant", slug=slug, name="Demo")
    for name in NAMES:
        old.create("nucleus.Client", tenant=stored.rows["look-alikes"], username=name)
    many = [f"many {number}" for number in range(1100)]
    clients = old.rows("nucleus.Client")
    clients.bulk_create(
        clients.model(tenant=stored.rows["many"], username=name) for name in ["Good", *many]
    )
    tenant_id = stored.tenant.pk
    client = old.create("nucleus.Client", tenant_id=tenant_id, username="holder")
    for name in ("verified", "manual"):
        stored.rows[name] = old.create(
            "nucleus.BankLink", tenant_id=tenant_id, client=client, bank_account_number="2000",
            metadata={"ours": "yes"},
        )  # fmt: skip
    user = old.create(
        "integrations.VendorUser", tenant_id=tenant_id, client=client, vendor="mx", identifier="x"
    )
    member = old.create(
        "integrations.Member", tenant_id=tenant_id, vendor_user=user, vendor_member_id="MBR-1"
    )
    old.create(
        "integrations.VerifiedLink", tenant_id=tenant_id, member=member,
        vendor_account_id="ACT-1", bank_link_id=stored.rows["verified"].pk,
    )  # fmt: skip


def _store_shared_rows_and_jobs(old: OldModels, stored: Before) -> None:
    tenant_id = stored.tenant.pk
    stored.rows |= {
        "shared": old.create("nucleus.Institution", code="mxbank", name="MX Bank"),
        "own": old.create("nucleus.Institution", code="mxbank", name="Own", tenant_id=tenant_id),
        "merchant": old.create("nucleus.Merchant", source_id="MCH-1", name="Shop"),
        "location": old.create("nucleus.MerchantLocation", source_id="MCL-1"),
    }
    for kind, key in (("member", "member:MBR-1"), ("other", "erase_client:1")):
        old.create(
            "integrations.Job", tenant_id=tenant_id, kind=kind, lock_key=f"{tenant_id}:{key}",
            run_at=timezone.now(),
        )  # fmt: skip


def test_the_tables_are_those_of_a_new_database(before: Before, tmp_path: Path) -> None:
    with templates.temporary(tmp_path, migrated=True) as new:
        assert schemas.of(before.url) == schemas.of(new)


def test_businesses_keep_existing_rows(before: Before) -> None:
    stray, client = str(before.stray_id), before.rows["client"]
    after = Client.unscoped.get(pk=client.pk)
    assert after.business is None
    assert after.metadata == {"business_id": stray, "ours": "yes"}
    assert after.identification_number == "123-45-6789"
    assert after.update_date == client.update_date
    assert Client.unscoped.get(pk=before.rows["plain"].pk).metadata == {}
    models: tuple[tuple[Any, str], ...] = ((AggregationAccount, "account"), (BankLink, "link"))
    for model, name in models:
        kept = model.unscoped.get(pk=before.rows[name].pk)
        assert (kept.client_id, kept.business_id, kept.metadata) == (
            client.pk,
            None,
            {"business_id": stray},
        )
    assert BankLink.unscoped.get(pk=before.rows["link"].pk).bank_account_number == "1000"
    account = AggregationAccount.unscoped.get(pk=before.rows["account"].pk)
    assert str(account.apr) == "1.50000000"
    kept_user = VendorUser.unscoped.get(pk=before.rows["user"].pk)
    assert (kept_user.owner, kept_user.identifier) == (after, "same")


def test_username_keys_keep_look_alikes(before: Before) -> None:
    """The oldest counts as before; none can be added, and one that is renamed is like any other."""
    tenant = before.rows["look-alikes"].pk
    after = {row.username: row for row in Client.unscoped.filter(tenant=tenant)}
    assert set(after) == set(NAMES)
    assert {name: row.shares_username_key for name, row in after.items()} == {
        name: name in ("GOOD", "g\u043e\u043ed") for name in NAMES
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


def test_holders_are_marked_as_not_confirmed(before: Before) -> None:
    verified = BankLink.unscoped.get(pk=before.rows["verified"].pk)
    assert verified.metadata == {"ours": "yes", "bank_account_holder_source": "not_confirmed"}
    assert verified.bank_account_number == "2000"
    assert BankLink.unscoped.get(pk=before.rows["manual"].pk).metadata == {"ours": "yes"}


def test_shared_rows_name_mx_as_vendor(before: Before) -> None:
    shared, merchant = before.rows["shared"], before.rows["merchant"]
    sources = dict(Institution.objects.values_list("pk", "source"))
    assert sources == {shared.pk: "mx", before.rows["own"].pk: ""}
    assert Institution.objects.get(pk=shared.pk).update_date == shared.update_date
    assert writes.upsert_institution(source="mx", code="mxbank", name="MX Bank").pk == shared.pk
    assert writes.upsert_merchant(source="mx", source_id="MCH-1", name="Shop").pk == merchant.pk
    location = writes.upsert_merchant_location(source="mx", source_id="MCL-1")
    assert location.pk == before.rows["location"].pk
    other = writes.upsert_merchant(source="other", source_id="MCH-1", name="Another shop")
    assert other.pk != merchant.pk
    assert Merchant.objects.get(pk=merchant.pk).name == "Shop"
    bank = writes.upsert_institution(source="other", code="mxbank", name="Another bank")
    assert bank.pk not in sources


def test_lock_keys_name_mx(before: Before) -> None:
    user = VendorUser.unscoped.get(pk=before.rows["user"].pk)
    assert dict(Job.objects.values_list("kind", "lock_key")) == {
        "member": connections.lock_key(user, "MBR-1"),
        "other": f"{before.tenant.pk}:erase_client:1",
    }
