"""Which tests share a process: those of one file, and all that start the whole product."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling


class WholeFiles(LoadFileScheduling):
    """Give a process whole files; the browser tests go to one, which starts one stack for all.

    The largest groups are given out first, so the slow ones don't come last.
    """

    def _split_scope(self, nodeid: str) -> str:
        """The group of a test: what pytest-xdist lets a scheduler choose."""
        path = super()._split_scope(nodeid)
        directory = path.rpartition("/")[0]
        return directory if directory in {"tests", "tests/browser"} else path
