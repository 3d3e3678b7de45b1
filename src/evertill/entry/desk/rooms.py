"""What a room of the desk is, and which there are.

A room is one folder: its `room.py` holds `ROOM`. Nothing else has to know of it: its addresses, its place in the menu,
its templates, texts and files are found by the folder (decision 0025).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from importlib import import_module

from django.urls import URLPattern
from django.utils.functional import Promise

from evertill.domains.access import Permission
from evertill.entry.desk.folders import room_names

# What happened, what was kept, and what to do now.
Words = tuple[Promise | str, Promise | str, Promise | str]


class Shelf(IntEnum):
    """The parts of the menu, in their order."""

    NOW = 1
    ORDERS = 2
    GOODS = 3
    PEOPLE = 4
    SHOP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room: its folder's name, which begins its addresses; its title; where it stands in the menu; what opens it.

    `urls` has a view of the name "index" at the address "". `done` are sentences that say what was just done, by the
    name that an address carries (`?done=…`); `failures` says errors by their codes.
    """

    name: str
    title: Promise | str
    shelf: Shelf
    rank: int
    permission: Permission
    urls: Sequence[URLPattern]
    done: Mapping[str, Promise | str] = field(default_factory=dict)
    failures: Mapping[str, Words] = field(default_factory=dict)


@cache
def rooms() -> dict[str, Room]:
    """This function will return every room by its name, in the order of the menu."""
    found = [import_module(f"evertill.entry.desk.{name}.room").ROOM for name in room_names()]
    return {room.name: room for room in sorted(found, key=lambda room: (room.shelf, room.rank, room.name))}
