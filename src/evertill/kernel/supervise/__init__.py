"""Keeps processes running: starts them in order, brings back what dies, stops them in order, leaves nothing behind."""

from .folder import (
    LOCK,
    FolderHeld,
    NotRunning,
    ReplacedAlready,
    ShopReplaced,
    born,
    check_not_replaced,
    hold_folder,
    is_replaced,
    note_replaced,
    read_run,
    replacing_folder,
    wait_until_replaced,
    write_run,
)
from .loop import CLOSE_FOR_A_WHILE, supervise
from .spawn import become, die_with_parent, start
from .types import Child, ChildFailed, Program

__all__ = [
    "CLOSE_FOR_A_WHILE",
    "LOCK",
    "Child",
    "ChildFailed",
    "FolderHeld",
    "NotRunning",
    "Program",
    "ReplacedAlready",
    "ShopReplaced",
    "become",
    "born",
    "check_not_replaced",
    "die_with_parent",
    "hold_folder",
    "is_replaced",
    "note_replaced",
    "read_run",
    "replacing_folder",
    "start",
    "supervise",
    "wait_until_replaced",
    "write_run",
]
