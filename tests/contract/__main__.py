"""schemathesis over a real gateway with real data: `make test-contract EXAMPLES=300`.

All its checks and phases, stateful ones included, against the database of DATABASE_URL (SQLite
without). No answer may be a 5xx, undocumented, or shaped otherwise than openapi.yaml says.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests

from tests import templates
from tests.faults.deployment import ROOT, Deployment, deployed
from tests.sandbox_process import running

MEMBERS = 6
ENVIRONMENT = {
    "ACCESS_TOKEN_SECONDS": "36000",
    "RATE_LIMIT_PER_MINUTE": "0",
    "MEMBER_WAIT_SECONDS": "1",
}
LISTS = (
    "client", "business", "aggregation_account", "aggregation_account_balance",
    "aggregation_account_transaction", "aggregation_account_holding", "bank_link",
    "resource/institution", "audit_log", "webhook",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20, help="of each operation")
    options, rest = parser.parse_known_args()
    os.environ |= ENVIRONMENT
    place = Path(tempfile.mkdtemp(prefix="contract-"))
    try:
        server = os.environ.pop("DATABASE_URL", "")
        with ExitStack() as stack:
            sandbox = stack.enter_context(running(place))
            url = templates.postgres(server) if server else ""
            if url:
                stack.callback(templates.drop, server, url)
            one = stack.enter_context(deployed(place, sandbox, url))
            one.start_worker()
            environment = os.environ | _access(one) | {"CONTRACT_KNOWN": json.dumps(_known(one))}
            return _run(one, environment, options.examples, rest)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _known(one: Deployment) -> dict[str, list[str]]:
    """Clients with linked and verified banks; their ids by the names that the API gives them."""
    one.link(MEMBERS)
    for member in one.members:
        own = {"nucleus_client_id": member.client, "product": "atom"}
        one.call("POST", "/integration/v1/iav", **own, vendor_request={"member_id": member.guid})
    ids = {name: _ids(one, f"/nucleus/v1/{name}") for name in LISTS}
    known = {f"/nucleus/v1/{name}": found for name, found in ids.items() if found}
    clients, accounts = ids["client"], ids["aggregation_account"]
    links = ids["bank_link"]
    for name in ("client_id", "nucleus_client_id", "nucleus_id"):
        known[name] = clients
    for name in ("aggregation_account_id", "nucleus_aggregation_account_id", "account_id",
                 "aggregation_account_id_list"):  # fmt: skip
        known[name] = accounts
    known |= {"bank_link_id": links, "nucleus_bank_link_id": links}
    known["member_id"] = [member.guid for member in one.members]
    known |= {"integration_type": ["aggregation"], "service": ["account", "transaction"]}
    known |= {"order_by": ["create_date"], "filter": ["is_active==true", "secondary_id==null"]}
    return {name: values for name, values in known.items() if values}


def _ids(one: Deployment, path: str) -> list[str]:
    answer = one.api().call("GET", f"{path}?size=50")
    return [row["id"] for row in answer.json()["content"]] if answer.ok else []


def _access(one: Deployment) -> dict[str, str]:
    url = f"{one.url}/authorization/v1/oauth/token?grant_type=client_credentials"
    token = requests.post(url, auth=one.keys, timeout=20).json()["access_token"]
    basic = base64.b64encode(":".join(one.keys).encode()).decode()
    return {"CONTRACT_TOKEN": token, "CONTRACT_BASIC": basic}


def _run(one: Deployment, environment: dict[str, str], examples: int, rest: list[str]) -> int:
    here = Path(__file__).parent
    command: list[Any] = [
        Path(sys.executable).with_name("schemathesis"), "--config-file",
        here / "schemathesis.toml", "run", ROOT / "openapi.yaml", "--url", one.url,
        "--max-examples", examples, "--continue-on-failure", "--suppress-health-check", "all",
        "--warnings", "off", *rest,
    ]  # fmt: skip
    environment |= {"SCHEMATHESIS_HOOKS": "tests.contract.hooks", "PYTHONPATH": str(ROOT)}
    code = subprocess.run([str(part) for part in command], env=environment, check=False).returncode
    print((one.directory / "gateway.log").read_text()[-5000:])
    return code


if __name__ == "__main__":
    sys.exit(main())
