"""The test cards: each number has one outcome. All are made up and pass the card check digit (Luhn)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Course = Literal["pay", "fail", "challenge", "process", "process_fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What happens when somebody pays with a card: its course, why it fails, and what bends the money."""

    number: str
    name: str
    course: Course
    reason: str | None = None
    bend: str | None = None
    disputed: bool = False


_ALL = (
    Card(number="4242424242424242", name="success", course="pay"),
    Card(number="4000000000000002", name="declined", course="fail", reason="card_declined"),
    Card(number="4000000000009995", name="insufficient_funds", course="fail", reason="insufficient_funds"),
    Card(number="4000000000003220", name="challenge", course="challenge"),
    Card(number="4000000000101008", name="processing_success", course="process"),
    Card(number="4000000000102006", name="processing_failure", course="process_fail", reason="bank_refused"),
    Card(number="4000000000000259", name="disputed", course="pay", disputed=True),
    Card(number="4000000000103004", name="partial", course="pay", bend="partial_capture"),
    Card(number="4000000000104002", name="wrong_amount", course="pay", bend="wrong_amount"),
    Card(number="4000000000105009", name="wrong_currency", course="pay", bend="wrong_currency"),
)
CARDS: Mapping[str, Card] = {card.number: card for card in _ALL}
BY_NAME: Mapping[str, Card] = {card.name: card for card in _ALL}


def find(text: str) -> Card | None:
    """This function will return the card of a number, with or without spaces, or of a name; None for no test card."""
    return CARDS.get(text.replace(" ", "").replace("-", "")) or BY_NAME.get(text)
