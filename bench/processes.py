"""What the shop's processes take: processor time and memory of whole trees of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import psutil

from bench.errors import BenchError


def cpu_s(roots: Iterable[int]) -> float:
    """This function will return the processor seconds, user and system, that these trees have used so far.

    A process that has ended counts through its parent, which inherits its time when it takes note of the end.
    """
    total = 0.0
    for process in _tree(roots):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def pss_bytes(roots: Iterable[int]) -> int:
    """This function will return the memory of these trees, a page that several processes share being counted once."""
    total = 0
    for process in _tree(roots):
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied as denied:
            raise BenchError(
                f"The memory of process {process.pid} may not be read by this user; run as the one who runs the shop."
            ) from denied
    return total


def pss_by_name(root: int, *, names: Mapping[int, str]) -> dict[str, float]:
    """This function will return a tree's memory in MB by process, named as in `names` or as it calls itself."""
    shares: dict[str, float] = {}
    for process in _tree([root]):
        try:
            name = names.get(process.pid) or " ".join("".join(process.cmdline()).split()) or process.name()
            shares[f"{name} ({process.pid})"] = process.memory_full_info().pss / 1e6
        except psutil.NoSuchProcess:
            continue
    return shares


def _tree(roots: Iterable[int]) -> list[psutil.Process]:
    found: dict[int, psutil.Process] = {}
    for root in roots:
        top = psutil.Process(root)
        for process in (top, *top.children(recursive=True)):
            found[process.pid] = process
    return list(found.values())
