"""Packages of npm that tests use as published; they are installed outside of the repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

NPM = shutil.which("npm")


def installed(package: Path, directory: Path) -> Path:
    """Install what `package.json` and its lock file name; returns node_modules.

    Args:
        package: the directory with both files.
        directory: where to install.
    """
    for name in ("package.json", "package-lock.json"):
        shutil.copy(package / name, directory)
    command = [str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=directory, check=True, timeout=180)
    return directory / "node_modules"
