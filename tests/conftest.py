"""Shared fixtures: a tenant, its token, the real sandbox."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.servers.basehttp import WSGIServer
from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases
from pytest_django.plugin import DjangoDbBlocker
from xdist.remote import Producer

from gateway.access.models import Application
from integrations.models import AggregationSettings, VendorCredential
from nucleus.models import Client, Tenant
from tests import mx_api, sandbox_process, tables, templates
from tests.api import Api
from tests.factories.access import ApplicationFactory, access_token
from tests.factories.nucleus import ClientFactory, TenantFactory
from tests.scheduling import WholeFiles
from tests.selection import mark_by_use
from tests.world import World

# Tests open up to 200 connections to live_server at once; beyond its backlog (10) they are reset.
WSGIServer.request_queue_size = 256


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mx-api", help="what the gateway speaks to the sandbox; see tests/mx_api.py")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.mx_api is not None:
        os.environ[mx_api.VARIABLE] = config.option.mx_api  # xdist's workers have it, too
    try:
        mx_api.chosen()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the garbage collector: it takes a third of the time and finds nothing."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()  # modules and tests stay


def pytest_report_header() -> str:
    return f"the gateway speaks {mx_api.chosen()} to MX"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeFiles | None:
    return WholeFiles(config, log) if config.option.dist == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_by_use(items)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """The test database, a copy of a migrated one; replaces pytest-django's, which migrates."""
    test = connection.settings_dict["TEST"]
    is_copied_file = connection.vendor == "sqlite"
    if is_copied_file:
        templates.copy_sqlite(Path(test["NAME"]))
    else:
        test["TEMPLATE"] = templates.migrated_postgres(os.environ["DATABASE_URL"])
    with django_db_blocker.unblock():
        databases = setup_databases(
            verbosity=0, interactive=False, keepdb=is_copied_file, serialized_aliases=[]
        )
        tables.prepare()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", tables.empty)
        yield
    with django_db_blocker.unblock():
        teardown_databases(databases, verbosity=0)


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sandbox_process.Sandbox]:
    """One sandbox for the whole run."""
    with sandbox_process.running(tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: sandbox_process.Sandbox) -> Iterator[sandbox_process.Sandbox]:
    """The sandbox, behaving well at the start and end of the test."""
    sandbox_server.heal()
    yield sandbox_server
    sandbox_server.heal()


@pytest.fixture(scope="session")
def own_sandbox(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[sandbox_process.Sandbox]:
    """A sandbox whose clock, rules and webhooks a test may change as it likes."""
    directory = tmp_path_factory.mktemp("own-sandbox")
    with sandbox_process.running(directory, SANDBOX_VERIFICATION_FLOW="default") as server:
        yield server


@pytest.fixture
def world(own_sandbox: sandbox_process.Sandbox) -> World:
    """That sandbox, begun again."""
    own_sandbox.call("POST", "/_control/reset", json={})
    return World(own_sandbox)


@pytest.fixture
def tenant(db: Any) -> Tenant:
    return TenantFactory()


@pytest.fixture
def application(tenant: Tenant) -> Application:
    return ApplicationFactory(tenant=tenant)


@pytest.fixture
def api(application: Application) -> Api:
    """The API with a token of the tenant's application."""
    return Api(access_token(application))


@pytest.fixture
def foreign_api(db: Any) -> Api:
    """The API with a token of another tenant."""
    return Api(access_token(ApplicationFactory(tenant=TenantFactory())))


@pytest.fixture
def nucleus_client(tenant: Tenant) -> Client:
    return ClientFactory(tenant=tenant, first_name="Ada", last_name="Demo")


@pytest.fixture
def mx(
    tenant: Tenant, sandbox: sandbox_process.Sandbox, chosen_api: mx_api.MXApi
) -> sandbox_process.Sandbox:
    """The sandbox, with the tenant's credentials and settings pointing at it."""
    connect_tenant(tenant, sandbox, chosen_api)
    return sandbox


@pytest.fixture
def chosen_api() -> mx_api.MXApi:
    """Which of MX's APIs the gateway speaks; tests of several have a parameter of this name."""
    return mx_api.chosen()


def connect_tenant(
    tenant: Tenant, sandbox: sandbox_process.Sandbox, api: mx_api.MXApi | None = None
) -> None:
    """Give the tenant MX credentials for the sandbox."""
    api = api or mx_api.chosen()
    VendorCredential(
        tenant=tenant,
        api=api.slug,
        api_version=api.version,
        environment=VendorCredential.Environment.CUSTOM,
        base_url=sandbox.base_url,
        client_id=api.client_id,
        secret=api.api_key,
    ).save()
    # The first retrieval lists as many days as later ones.
    AggregationSettings.unscoped.get_or_create(
        tenant=tenant, defaults={"history_days": api.days_back}
    )
