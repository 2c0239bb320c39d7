"""PgBouncer in transaction mode between the processes and PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.faults import services
from tests.faults.conftest import needs_postgres
from tests.faults.deployment import deployed
from tests.faults.oracle import assert_consistent
from tests.faults.traffic import Log, body, storm
from tests.sandbox_process import Sandbox

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
SERVER_CONNECTIONS = 3  # fewer than the processes open to PgBouncer


@contextmanager
def pgbouncer(directory: Path, server: str) -> Iterator[str]:
    """A PgBouncer in front of the database of that URL; yields the URL that leads through it."""
    parts, port = urlsplit(server), services.free_port()
    database = parts.path.lstrip("/")
    target = f"host={parts.hostname} port={parts.port} dbname={database}"
    target += f" user={parts.username or 'postgres'}"
    target += f" password={parts.password}" if parts.password else ""
    directory.chmod(0o755)
    settings = directory / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n{database} = {target}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = transaction\ndefault_pool_size = {SERVER_CONNECTIONS}\n"
        "max_client_conn = 500\n"
    )
    settings.chmod(0o644)
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with (directory / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen([str(PGBOUNCER), *user, str(settings)], stdout=log, stderr=log)
    try:
        services.wait_for_port(port)
        location = f"{parts.username or 'postgres'}@127.0.0.1:{port}/{database}"
        yield f"postgres://{location}?DISABLE_SERVER_SIDE_CURSORS=true"
    finally:
        process.terminate()
        process.wait(10)


@needs_postgres
@pytest.mark.skipif(PGBOUNCER is None, reason="no pgbouncer")
def test_the_product_works_through_pgbouncer_in_transaction_mode(
    place: Path, own_sandbox: Sandbox, cluster: services.Postgres
):
    with (
        pgbouncer(place, cluster.url) as url,
        deployed(place, own_sandbox, url) as deployment,
    ):
        deployment.database_url = cluster.url  # for the test's own questions
        deployment.start_worker("worker-1")
        deployment.start_worker("worker-2")
        deployment.link(2)
        log = Log()
        contents = [body(member) for member in deployment.members for _ in range(20)]
        storm(deployment, contents, log)
        assert_consistent("webhooks and jobs through PgBouncer", deployment, log)
        for (account,) in deployment.rows("SELECT id FROM nucleus_aggregationaccount"):
            for kind in ("account", "balance", "transaction"):
                path = f"/integration/v1/aggregation/{kind}/{account}"
                answers = [deployment.call("GET", path) for _ in range(2)]
                assert answers[0]["nucleus_aggregation_account_id"] == str(account)
        (connections,) = deployment.rows(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"  # autovacuum has processes of its own
        )[0]
        assert connections <= SERVER_CONNECTIONS
