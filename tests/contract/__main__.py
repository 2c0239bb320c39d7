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
from tests.contract.known import existing_values
from tests.faults.deployment import ROOT, Deployment, deployed
from tests.sandbox_process import running

ENVIRONMENT = {
    "ACCESS_TOKEN_SECONDS": "36000",
    "RATE_LIMIT_PER_MINUTE": "0",
    "MEMBER_WAIT_SECONDS": "1",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20, help="of each operation")
    parser.add_argument("--stories", type=int, default=0, help="more stateful runs, other seeds")
    options, remaining = parser.parse_known_args()
    os.environ |= ENVIRONMENT
    place = Path(tempfile.mkdtemp(prefix="contract-"))
    try:
        server = os.environ.pop("DATABASE_URL", "")
        with ExitStack() as stack:
            sandbox = stack.enter_context(running(place))
            url = templates.postgres(server) if server else ""
            if url:
                stack.callback(templates.drop, server, url)
            deployment = stack.enter_context(deployed(place, sandbox, url))
            deployment.start_worker()
            environment = (
                os.environ
                | _access(deployment)
                | {"CONTRACT_KNOWN": json.dumps(existing_values(deployment))}
            )
            codes = [_run(deployment, environment, options.examples, remaining)]
            # A stateful run ends early at whatever it cannot repeat exactly; others go elsewhere.
            for seed in range(2, options.stories + 2):
                stories = ["--no-color", "--phases", "stateful", "--seed", str(seed)]
                codes.append(_run(deployment, environment, options.examples, stories))
            print((deployment.directory / "gateway.log").read_text()[-5000:])
            return int(any(codes))  # one that was killed has a negative code
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _access(deployment: Deployment) -> dict[str, str]:
    url = f"{deployment.url}/authorization/v1/oauth/token?grant_type=client_credentials"
    token = requests.post(url, auth=deployment.keys, timeout=20).json()["access_token"]
    basic = base64.b64encode(":".join(deployment.keys).encode()).decode()
    return {"CONTRACT_TOKEN": token, "CONTRACT_BASIC": basic}


def _run(
    deployment: Deployment, environment: dict[str, str], examples: int, remaining: list[str]
) -> int:
    directory = Path(__file__).parent
    command: list[Any] = [
        Path(sys.executable).with_name("schemathesis"), "--config-file",
        directory / "schemathesis.toml", "run", ROOT / "openapi.yaml", "--url", deployment.url,
        "--max-examples", examples, "--continue-on-failure", "--suppress-health-check", "all",
        "--warnings", "off", *remaining,
    ]  # fmt: skip
    environment |= {"SCHEMATHESIS_HOOKS": "tests.contract.hooks", "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory(
        dir=deployment.directory
    ) as place:  # what a run keeps breaks others
        return subprocess.run(
            [str(part) for part in command], env=environment, cwd=place, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
