"""`python -m tests.mx_platform_client`: MX's own Python client, unmodified, against the sandbox.

It needs older versions of pydantic and urllib3 than the gateway, so it gets an environment of its
own, in which this directory's tests run. Arguments are pytest's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tests import sandbox_process

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv/mx-platform-client"


def main(arguments: list[str]) -> int:
    """The exit code of pytest."""
    interpreter = environment()
    with (
        tempfile.TemporaryDirectory(prefix="mx-platform-client-") as directory,
        sandbox_process.running(Path(directory)) as sandbox,
    ):
        command = [interpreter, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["-W", "ignore::DeprecationWarning"]  # its use of urllib3
        # Neither the settings nor the fixtures of the other tests: Django is not installed here.
        command += [f"--config-file={os.devnull}", f"--rootdir={ROOT}", f"--confcutdir={DIRECTORY}"]
        command += [str(DIRECTORY), *arguments]
        variables = os.environ | {"SANDBOX_URL": sandbox.base_url}
        return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode


def environment() -> str:
    """The interpreter that has requirements.txt, installed unless it is already."""
    requirements = DIRECTORY / "requirements.txt"
    installed = ENVIRONMENT / "requirements.txt"
    interpreter = ENVIRONMENT / "bin/python"
    if not installed.exists() or installed.read_text() != requirements.read_text():
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
        command = [str(interpreter), "-m", "pip", "install", "--quiet"]
        command += ["--disable-pip-version-check", "--require-hashes", "-r", str(requirements)]
        subprocess.run(command, check=True)
        installed.write_text(requirements.read_text())
    return str(interpreter)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
