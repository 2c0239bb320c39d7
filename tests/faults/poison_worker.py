"""`manage.py work` with a kind of job that kills its process, as a bug in a C library would."""

from __future__ import annotations

import os
import signal
import sys

import django
from django.core.management import execute_from_command_line


def main() -> None:
    django.setup()
    from integrations.jobs import runner  # noqa: PLC0415 - needs the settings

    runner.HANDLERS["poison"] = lambda run: os.kill(os.getpid(), signal.SIGKILL)
    execute_from_command_line(["manage.py", "work", *sys.argv[1:]])


if __name__ == "__main__":
    main()
