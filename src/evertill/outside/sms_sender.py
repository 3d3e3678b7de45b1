"""SMS gateways as the sender of SMS: which of them a number goes through, and which numbers none is sent to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import msgspec

from evertill.domains.messages import Letter, LetterRefused, Post, SenderUnavailable, SendingUnclear
from evertill.domains.payments import ProviderUnavailable
from evertill.kernel.config import Config
from evertill.outside.caller import Answer, Caller, NotCalled

_CHINA = "+86"


class Gateway(Protocol):
    """One company that sends SMS. `is_for_china`: it has what numbers in mainland China need."""

    is_for_china: bool

    def post(self, letter: Letter) -> None:
        """This function will send one SMS; raises LetterRefused, LetterPostponed or SenderUnavailable."""

    def close(self) -> None:
        """This function will close the connections."""


class SmsSender:
    """One gateway for all numbers, or two: one for mainland China, the other for the rest of the world."""

    def __init__(self, *, gateways: Sequence[Gateway], settings: Config) -> None:
        self._gateways = gateways
        self._countries = tuple(f"+{code.lstrip('+')}" for code in settings.sms_countries)

    @contextmanager
    def open(self) -> Iterator[Post]:
        """This function will do nothing yet: each SMS is a call of its own."""
        yield self._post

    def _post(self, letter: Letter) -> None:
        # No calling code is the beginning of another one (E.164), so the beginning tells the country.
        if self._countries and not letter.to.startswith(self._countries):
            raise LetterRefused("This shop sends no SMS to that country.")
        is_china = letter.to.startswith(_CHINA)
        fitting = [one for one in self._gateways if one.is_for_china is is_china]
        (fitting or self._gateways)[0].post(letter)


def exchange(caller: Caller, path: str, *, headers: dict[str, str], content: bytes = b"") -> Answer:
    """This function will call a gateway; raises SenderUnavailable, or SendingUnclear when it may have sent."""
    try:
        return caller.exchange("POST", path, headers=headers, content=content)
    except NotCalled as error:
        raise SenderUnavailable(error.detail) from error
    except ProviderUnavailable as error:
        raise SendingUnclear(error.detail) from error


def read_answer(answer: Answer, *, name: str) -> dict[str, Any]:
    """This function will return the JSON object of an answer; raises SendingUnclear for anything else."""
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SendingUnclear(f"{name} says something else than it describes, with status {answer.status}.") from error
