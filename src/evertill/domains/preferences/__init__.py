"""Preferences: the shop's own policy, which its staff change while it is open, each value kept with who set it and why.

What belongs to a machine (addresses, secrets, limits of a process) is a setting of its environment instead.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.preferences.operations import lock, set_value
    from evertill.domains.preferences.queries import (
        default_of,
        forget,
        number,
        read_all,
        read_history,
        read_one,
        recall_number,
        recall_text,
        recall_zone,
        text,
    )
    from evertill.domains.preferences.rules import DECLARED, RIGHTS, PreferenceInvalid, read_value
    from evertill.domains.preferences.types import Change, Declared, Kind, Name, Preference

__getattr__ = open_door(__name__)

__all__ = [
    "DECLARED",
    "RIGHTS",
    "Change",
    "Declared",
    "Kind",
    "Name",
    "Preference",
    "PreferenceInvalid",
    "default_of",
    "forget",
    "lock",
    "number",
    "read_all",
    "read_history",
    "read_one",
    "read_value",
    "recall_number",
    "recall_text",
    "recall_zone",
    "set_value",
    "text",
]
