"""Passwords: hashed by Django's scrypt hasher, checked in bounded number, and refused when anybody would guess them.

A name that nobody has costs the same hash as one that somebody has.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from django.contrib.auth import hashers, password_validation
from django.core.exceptions import ValidationError

from evertill.domains.accounts.rules import PASSWORD_CHARS_MAX, names_shop
from evertill.domains.accounts.types import Checked
from evertill.kernel import config
from evertill.kernel.errors import EvertillError

# What Django's validators and ours say → what a page has words for.
_REASONS = {
    "password_too_short": "TOO_SHORT",
    "password_too_long": "TOO_LONG",
    "password_too_common": "TOO_COMMON",
    "password_names_shop": "NAMES_SHOP",
}


class PasswordUnfit(EvertillError):
    """A new password is too short, too long, or one that others would try first."""

    code = "PASSWORD_UNFIT"
    remedy = "Choose a longer one that nobody would think of: three or four words that do not belong together."


class PasswordsBusy(EvertillError):
    """As many passwords are being checked as this process checks at a time."""

    code = "PASSWORDS_BUSY"
    status = "busy"
    remedy = "Try again in a moment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What stands in for a user at Django's validators: words that everybody would try with this account."""

    words: Sequence[str]


class LengthValidator:
    """Refuses what is longer than any hash should be made of; nothing is ever cut off."""

    def validate(self, password: str, user: Words | None = None) -> None:  # noqa: ARG002 — Django's signature.
        if len(password) > PASSWORD_CHARS_MAX:
            raise ValidationError("too long", code="password_too_long")


class ShopWordsValidator:
    """Refuses the shop's name, its address and the account's own, with a little around it."""

    def validate(self, password: str, user: Words | None = None) -> None:
        words = ["evertill", config.get().shop_name, *(urlsplit(config.get().public_url).hostname or "").split(".")]
        if names_shop(password, [*words, *(user.words if user else ())]):
            raise ValidationError("names the shop", code="password_names_shop")


@contextmanager
def turn() -> Iterator[None]:
    """A turn to check or make a password; raises PasswordsBusy at once when as many have one as there may be.

    Of a process's threads for pages, one is always left to those who do not sign in: also waiting for a turn would take
    a thread. Of those who have one, `config.password_checks_max` hash at a time, and the others wait for them.
    """
    turns = _semaphore("turn", max(config.get().page_threads - 1, 1))
    if not turns.acquire(blocking=False):
        raise PasswordsBusy("Many people are signing in at this moment.")
    try:
        yield
    finally:
        turns.release()


def check(*, password: str, encoded: str) -> Checked:
    """This function will say whether a password is the one of a hash; "" costs as much, and is never right."""
    upgraded: list[str] = []

    def renew(again: str) -> None:
        upgraded.append(hashers.make_password(again))

    # Longer than any that could be set, and so no hash's, whoever has the name.
    is_short_enough = len(password) <= PASSWORD_CHARS_MAX
    with _hashing():
        is_right = is_short_enough and hashers.check_password(password, encoded or "!", setter=renew)
    return Checked(is_right=is_right, upgraded=upgraded[0] if upgraded else "")


def make(*, password: str, words: Iterable[str]) -> str:
    """This function will hash a new password; `words` are the account's addresses and name. Raises PasswordUnfit."""
    try:
        password_validation.validate_password(password, user=Words(words=tuple(words)))  # type: ignore[arg-type]
    except ValidationError as error:
        reasons = sorted({_REASONS.get(found.code or "", "TOO_COMMON") for found in error.error_list})
        raise PasswordUnfit("This password is easy to guess, or too short or too long.", reasons=reasons) from None
    with _hashing():
        return hashers.make_password(password)


def _hashing() -> threading.BoundedSemaphore:
    # Each takes 16 MB, and a processor from those who buy.
    return _semaphore("hash", config.get().password_checks_max)


@cache
def _semaphore(_what: str, most: int) -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(most)
