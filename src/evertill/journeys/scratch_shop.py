"""A scratch shop: one that is restored to be looked at and thrown away, in a place where the next one clears up too.

There is one place for it below the data folder, and whoever works there holds the lock of backups (`alone`). Its server
ends with the process that started it, even a killed one; what such a process left is removed by the next one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from evertill.domains import recovery
from evertill.domains.recovery import Target
from evertill.journeys.take_backup import NoTarget
from evertill.kernel import embedded
from evertill.kernel.embedded.place import home_of
from evertill.kernel.files import make_folder

__all__ = ["SMALL", "environment_of", "make_place", "open_target", "running_small", "throw_away"]

_START_S = 120.0
# It is not to take the memory and the disk that the shop has.
SMALL = (
    "shared_buffers = '64MB'\nfsync = off\nfull_page_writes = off\nautovacuum = off\nsynchronous_standby_names = ''\n"
)


def make_place(place: recovery.place.Place) -> Path:
    """This function will clear the place, and return the folder into which a shop can be restored."""
    throw_away(place.drills)
    make_folder(place.drills, mode=0o711)
    # The account that PostgreSQL runs under has to pass through.
    place.root.chmod(0o711)
    return place.drills / "shop"


def throw_away(drills: Path) -> None:
    """This function will remove everything of a scratch shop, wherever its database lies."""
    shop = drills / "shop"
    if shop.exists():
        home = home_of(shop)
        if home != shop:
            shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(drills, ignore_errors=True)


@contextmanager
def running_small(folder: Path) -> Iterator[str]:
    """The server of a restored shop while the block runs, made small and in no hurry; gives its address."""
    cluster = embedded.prepare(folder=folder, tell=lambda _line: None)
    with (cluster.data / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
        settings.write(SMALL)
    with embedded.running(folder=folder, seconds=_START_S, tell=lambda _line: None) as url:
        yield url


def environment_of(folder: Path, *, url: str) -> Mapping[str, str]:
    """This function will return the environment in which a process knows this shop, and no other."""
    return {
        "DATABASE_URL": url,
        "EVERTILL_SECRET": (folder / "secret.key").read_text(encoding="utf-8").strip(),
        "EVERTILL_DATA": str(folder),
    }


def open_target() -> Target:
    """This function will open the target of backups; raises NoTarget when there is none."""
    target = recovery.target()
    if target is None:
        raise NoTarget("There are no backups that could be restored.")
    return target


Opener = Callable[[], Target]
