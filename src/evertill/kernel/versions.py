"""Two people who change the same thing at once: the second is told what the first one changed, and nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evertill.kernel.errors import EvertillError

_SHOWN_MAX = 5


class ChangedMeanwhile(EvertillError):
    """Somebody else has changed this since it was looked at. `changes` says what, each as it was seen and as it is."""

    code = "CHANGED_MEANWHILE"
    status = "conflict"
    kept = "What the other person changed stands, and yours was not applied."
    remedy = "Look at what is new, and do yours again if it still fits."


def differences(*, seen: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """This function will return what is no longer as it was seen, by name: what was seen, and what is."""
    names = [*seen, *(name for name in now if name not in seen)]
    return {name: (seen.get(name), now.get(name)) for name in names if seen.get(name) != now.get(name)}


def check_unchanged(*, what: str, seen: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """This function will raise ChangedMeanwhile when something is no longer as it was seen.

    The caller has locked it, or nothing would keep it so.
    """
    changes = differences(seen=seen, now=now)
    if changes:
        told = [f"{name} is {is_now!r}, not {was!r}" for name, (was, is_now) in list(changes.items())[:_SHOWN_MAX]]
        raise ChangedMeanwhile(f"{what} was changed by somebody else: {'; '.join(told)}.", changes=changes)
