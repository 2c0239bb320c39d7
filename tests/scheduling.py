"""Which tests share a process: those of one file, and all that start the whole product."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

SLOWEST = ("tests", "tests/devtools", "tests/browser")  # the last is given out first


class WholeFiles(LoadFileScheduling):
    """Give a process whole files; the browser tests go to one, which starts one stack for all.

    The slowest groups are given out first, then those with the most tests: what takes long
    should not begin last.
    """

    def _split_scope(self, nodeid: str) -> str:
        """The group of a test: what pytest-xdist lets a scheduler choose."""
        path = super()._split_scope(nodeid)
        directory = path.rpartition("/")[0]
        return directory if directory in SLOWEST else path

    def _assign_work_unit(self, node: WorkerController) -> None:
        """Give the process the next group."""
        for group in SLOWEST:
            if group in self.workqueue:
                self.workqueue.move_to_end(group, last=False)
        super()._assign_work_unit(node)
