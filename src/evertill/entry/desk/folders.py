"""Where the desk's rooms are: every folder beside this file that holds a `room.py`.

Django is told of their templates, texts and files by the folders alone, before anything in them can be imported.
"""

from __future__ import annotations

from pathlib import Path

DESK = Path(__file__).parent


def room_names() -> list[str]:
    """This function will return the names of all rooms, in the order of the alphabet."""
    return sorted(path.parent.name for path in DESK.glob("*/room.py"))


def folders(name: str) -> list[Path]:
    """This function will return the folders of this name (`templates`, `locale`, `static`) that rooms have."""
    return [path for room in room_names() if (path := DESK / room / name).is_dir()]
