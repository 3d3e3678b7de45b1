"""The guide names every card, fault and call there is."""

from __future__ import annotations

import pytest

from evertill.sandbox.api import ROUTES
from evertill.sandbox.cards import CARDS
from evertill.sandbox.faults import ALL
from tests.kernel.waiting import ROOT

_GUIDE = (ROOT / "docs" / "guide" / "sandbox.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)
def test_has_every_card(card: object) -> None:
    number = str(getattr(card, "number", ""))
    spaced = " ".join(number[start : start + 4] for start in range(0, 16, 4))

    assert f"| {spaced} | `{getattr(card, 'name', '')}` |" in _GUIDE


@pytest.mark.parametrize("fault", ALL)
def test_has_every_fault(fault: str) -> None:
    assert f"`{fault}`" in _GUIDE


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
def test_has_every_call(method: str, path: str) -> None:
    assert f"{method} {path.replace('{}', '{id}')}" in _GUIDE
