"""What journeys of people begin with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.people import Pocket
    from tests.twin import Twin


@pytest.fixture
def pocket(committed_db: None, settings: Any) -> Iterator[Pocket]:
    """Where every code arrives; and passwords cost next to nothing."""
    from tests import people  # Django is there by now.

    settings.PASSWORD_HASHERS = ["tests.people.CheapHasher"]
    with people.pocket() as made:
        yield made


@pytest.fixture
def twin(committed_db: None) -> Iterator[Twin]:
    """A provider of payments, and the shop connected to it and to no other; the books are sound afterwards."""
    from evertill.domains import payments
    from tests.paying import are_books_sound
    from tests.twin import Twin

    provider = Twin()
    payments.register(provider)
    yield provider
    assert are_books_sound()
    payments.register()
