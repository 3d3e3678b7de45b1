"""Keeps processes running: starts them in order, brings back what dies, stops them in order, leaves nothing behind."""

from .folder import FolderHeld, NotRunning, hold_folder, read_run, write_run
from .loop import supervise
from .spawn import become, die_with_parent, start
from .types import Child, ChildFailed, Program

__all__ = [
    "Child",
    "ChildFailed",
    "FolderHeld",
    "NotRunning",
    "Program",
    "become",
    "die_with_parent",
    "hold_folder",
    "read_run",
    "start",
    "supervise",
    "write_run",
]
