"""Keys in order, out of folders: of a disk, or of a server that has folders too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from evertill.domains.recovery import Stored

# A file under such a name is half of one.
HALF = ".half-"
# Folders in each other; ours are four. A link that leads back up goes round in circles, each time a folder deeper.
_DEPTH_MAX = 6


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a folder: a file with its size, or a folder without one."""

    name: str
    size: int | None


def walk(read: Callable[[str], Iterable[Entry]], *, prefix: str, after: str) -> Iterator[Stored]:
    """This function will give the files whose keys begin with `prefix` and sort behind `after`, in order of keys.

    `read` returns what is in a folder, and nothing for a folder that is not there. Folders in which nothing can be
    wanted are not read.
    """
    yield from _walk(read, prefix.rpartition("/")[0], prefix=prefix, after=after)


def _walk(read: Callable[[str], Iterable[Entry]], folder: str, *, prefix: str, after: str) -> Iterator[Stored]:
    head = f"{folder}/" if folder else ""
    # A folder's own place among keys is that of what is in it.
    found = {f"{head}{one.name}{'/' if one.size is None else ''}": one for one in read(folder)}
    for key, entry in sorted(found.items(), key=lambda item: item[0]):
        if entry.size is None:
            if key.count("/") > _DEPTH_MAX:
                continue
            is_inside = key.startswith(prefix) or prefix.startswith(key)
            if is_inside and (key > after or after.startswith(key)):
                yield from _walk(read, key[:-1], prefix=prefix, after=after)
        elif key.startswith(prefix) and key > after and not entry.name.startswith(HALF):
            yield Stored(key=key, size=entry.size)
