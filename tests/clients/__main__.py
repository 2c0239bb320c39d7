"""`python -m tests.clients`: tools and generators accept openapi.yaml, and their clients work.

Lints it, generates a TypeScript and a Python client in a temporary directory, checks their types,
and drives the main flow with each against a gateway that is started for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.bank import Widget
from demo.stack import Stack
from tests import stack as stacks

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = Path(__file__).resolve().parent
DOCUMENT = ROOT / "openapi.yaml"
PATIENCE = 300


def main() -> int:
    """The exit code: 0 only if everything is accepted and works, or npm is missing."""
    if shutil.which("npm") is None:
        sys.stdout.write("LEFT OUT: this needs npm and node (Debian: apt-get install npm)\n")
        return 0
    try:
        with tempfile.TemporaryDirectory(prefix="clients-") as name:
            run(Path(name))
    except subprocess.CalledProcessError as error:
        sys.stdout.write(f"Failed: {' '.join(map(str, error.cmd))}\n")
        return 1
    return 0


def run(directory: Path) -> None:
    """Everything, in an empty directory. Raises CalledProcessError."""
    typescript, python = directory / "typescript", directory / "python"
    with step("npm packages"):
        npm_packages(typescript)
    with step("redocly lint"):
        binary = typescript / "node_modules/.bin/redocly"
        call([str(binary), "lint", str(DOCUMENT), "--max-problems=50"], cwd=ROOT)
    with step("TypeScript client: openapi-typescript, tsc --strict"):
        generate_typescript(typescript)
    with step("Python client: openapi-python-client, mypy --strict"):
        interpreter = generate_python(python)
    with stacks.running() as stack:
        with step("the main flow in TypeScript"):
            drive(["node", "built/flow.js"], cwd=typescript, stack=stack)
        with step("the main flow in Python"):
            drive([interpreter, "flow.py"], cwd=python, stack=stack)


def npm_packages(directory: Path) -> None:
    directory.mkdir()
    for name in ("package.json", "package-lock.json", "tsconfig.json", "flow.ts"):
        shutil.copy(DIRECTORY / name, directory)
    call(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=directory)


def generate_typescript(directory: Path) -> None:
    binaries = directory / "node_modules/.bin"
    call([str(binaries / "openapi-typescript"), str(DOCUMENT), "-o", "schema.d.ts"], cwd=directory)
    call([str(binaries / "tsc"), "--project", "tsconfig.json"], cwd=directory)


def generate_python(directory: Path) -> str:
    """The interpreter that has the generator's packages."""
    venv.create(directory / "venv", with_pip=True)
    binaries = directory / "venv/bin"
    requirements = str(DIRECTORY / "requirements.txt")
    call(
        [str(binaries / "pip"), "install", "--quiet", "--disable-pip-version-check",
         "--require-hashes", "-r", requirements],
        cwd=directory,
    )  # fmt: skip
    # No post-hooks: the generator would format its code with whatever ruff it finds.
    (directory / "generator.yaml").write_text("post_hooks: []\n")
    call(
        [str(binaries / "openapi-python-client"), "generate", "--path", str(DOCUMENT),
         "--output-path", "gateway_client", "--meta", "none", "--config", "generator.yaml",
         "--fail-on-warning"],
        cwd=directory,
    )  # fmt: skip
    shutil.copy(DIRECTORY / "flow.py", directory)
    call([str(binaries / "mypy"), "--config-file=", "gateway_client"], cwd=directory)
    call([str(binaries / "mypy"), "--config-file=", "--strict", "flow.py"], cwd=directory)
    return str(binaries / "python")


def drive(command: list[str], *, cwd: Path, stack: Stack) -> None:
    """Run a flow; link the bank as a person would when it prints the widget's URL."""
    own = {"GATEWAY": stack.gateway, "ID": stack.client_id, "SECRET": stack.client_secret}
    process = subprocess.Popen(
        command, cwd=cwd, env={**os.environ, **own},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        member = Widget(url).log_in() if url else ""
        process.communicate(f"{member}\n", timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def call(command: list[str], *, cwd: Path) -> None:
    """Run a tool; what it says is shown only if it fails."""
    done = subprocess.run(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        sys.stdout.write(done.stdout)
        raise subprocess.CalledProcessError(done.returncode, command)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is done, and how long it took."""
    started = time.monotonic()
    yield
    sys.stdout.write(f"{title}: {time.monotonic() - started:.1f} s\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
