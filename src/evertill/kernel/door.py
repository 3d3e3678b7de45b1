"""A domain's front door, opened only when somebody knocks.

Django imports a domain's package before its models may be imported. A front door that imported its rooms at once would
fail there, so it finds each name at its first use and keeps it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from typing import Any

# Those that know no tables come first, so that their names are found also where no Django was set up.
ROOMS = (
    "types",
    "permissions",
    "rules",
    "targets",
    "sealing",
    "finding",
    "operations",
    "queries",
    "tokens",
    "providers",
    "senders",
    "texts",
    "key_file",
)


def open_door(package: str) -> Callable[[str], Any]:
    """This function will return a module-level `__getattr__` that finds the names of `__all__` in the package's rooms.

    A name that is a file of the package is that file: many functions of one kind, read as `ledger.standard.refund`.
    That raises AttributeError for any other name.
    """

    def find(name: str) -> Any:  # noqa: ANN401 — a door leads to anything.
        door = sys.modules[package]
        if name in door.__all__:
            if importlib.util.find_spec(f"{package}.{name}") is not None:
                return importlib.import_module(f"{package}.{name}")
            for room in ROOMS:
                if importlib.util.find_spec(f"{package}.{room}") is None:
                    continue
                value = getattr(importlib.import_module(f"{package}.{room}"), name, None)
                if value is not None:
                    setattr(door, name, value)
                    return value
        raise AttributeError(f"{package} has no public name '{name}'")

    return find
