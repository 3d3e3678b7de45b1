"""In which order the suite is worked through: file by file, those that take long first.

What is begun last is what the other workers wait for at the end, so that had better be short. Files are not divided:
each half would start the shop that the whole needs once.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# Files and folders that take longest, from the top of `--durations=0`. That one is missing costs a little time.
FIRST = (
    "tests/browser/",
    "tests/recovery/test_recover.py",
    "tests/contracts/test_docs.py",
    "tests/recovery/test_story.py",
    "tests/contracts/test_schemathesis.py",
    "tests/recovery/test_over_live.py",
    "tests/recovery/test_leftover.py",
    "tests/access/test_matrix.py",
    "tests/contracts/test_replay_command.py",
    "tests/races/",
    "tests/recovery/",
    "tests/worker/",
    "tests/bench/test_smoke.py",
    "tests/contracts/",
    "tests/journeys/",
    "tests/pages/",
)
# Folders whose files share a shop.
_TOGETHER = ("tests/browser/",)


def turn(path: str) -> int:
    """This function will return the place of a file in the queue."""
    return next((place for place, first in enumerate(FIRST) if path.startswith(first)), len(FIRST))


class ByFile(LoadScopeScheduling):
    """Gives each worker that has nothing to do the next file, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, _ = nodeid.partition("::")
        return next((folder for folder in _TOGETHER if path.startswith(folder)), path)

    def _pending_of(self, workload: dict[str, dict[str, bool]]) -> int:
        # As it is told, but without counting what was done an hour ago again after each test.
        for scope in [scope for scope, tests in workload.items() if all(tests.values())]:
            del workload[scope]
        return super()._pending_of(workload)
