"""Read preferences: what the shop decided for itself, what it was before, and what its machine was told instead."""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractContextManager
from dataclasses import dataclass

from evertill.domains import preferences
from evertill.domains.access import Holder, Permission
from evertill.domains.preferences import Change, Declared, Name, Preference
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel import config
from evertill.kernel.settings import Told

__all__ = [
    "Change",
    "Declared",
    "Name",
    "Preference",
    "Shown",
    "Told",
    "list_preferences",
    "list_settings",
    "shop_contact",
    "shop_name",
    "show_preference",
    "storefront_banner",
    "submission_keep_days",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What can be decided, and what holds now."""

    declared: Declared
    preference: Preference

    @property
    def name(self) -> Name:
        """What it is called."""
        return self.preference.name


def list_preferences(*, asker: Asker, now: dt.datetime) -> list[Shown]:
    """This function will return everything that the shop can decide, and what holds now; raises Forbidden."""
    with _looking(asker, "all", now=now):
        return [Shown(declared=preferences.DECLARED[one.name], preference=one) for one in preferences.read_all()]


def show_preference(*, asker: Asker, name: Name, limit: int, now: dt.datetime) -> tuple[Shown, list[Change]]:
    """This function will return what holds now and up to `limit` values that were decided, newest first.

    Raises Forbidden.
    """
    with _looking(asker, name.value, now=now):
        shown = Shown(declared=preferences.DECLARED[name], preference=preferences.read_one(name))
        return shown, preferences.read_history(name=name, limit=limit)


def list_settings(*, asker: Asker, now: dt.datetime) -> list[Told]:
    """This function will return the settings of this machine's environment; raises Forbidden."""
    with _looking(asker, "environment", now=now):
        return config.tell()


def _looking(asker: Asker, what: str, *, now: dt.datetime) -> AbstractContextManager[Holder]:
    subject = Subject(kind="preference", id=what)
    return permitted(asker=asker, permission=Permission.SETTINGS_EDIT, subject=subject, now=now)


def shop_name() -> str:
    """This function will return what the shop is called, "" when it has no name; a few seconds old at most."""
    return preferences.recall_text(Name.SHOP_NAME)


def shop_contact() -> str:
    """This function will return how customers reach the shop, "" when it does not say; a few seconds old at most."""
    return preferences.recall_text(Name.SHOP_CONTACT)


def time_zone() -> str:
    """This function will return the name of the zone in which the shop counts its days; a few seconds old at most."""
    return preferences.recall_text(Name.TIME_ZONE)


def storefront_banner(*, language: str) -> str:
    """This function will return what stands at the top of pages in a language; a few seconds old at most."""
    return preferences.recall_text(Name.BANNER_ZH if language == "zh-hans" else Name.BANNER_EN)


def submission_keep_days() -> int:
    """This function will return for how many days a failed checkout is kept that is agreed to now; it raises nothing.

    It is asked when the database is away, too. Each checkout is kept for as long as was agreed to with it.
    """
    return preferences.recall_number(Name.SUBMISSION_KEEP_DAYS)
