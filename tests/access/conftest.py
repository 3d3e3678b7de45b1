"""One town for the tests of a file, because it takes a while to build and they only look at it from other sides."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.contracts.conftest import document, shared_site

if TYPE_CHECKING:
    from tests.access.town import Town

__all__ = ["document", "shared_site", "shop"]


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    """What is tried of all that there is is drawn by this: in the suite always the same."""
    given: int | None = pytestconfig.getoption("seed")
    if given is None:
        given = secrets.randbelow(10**9) if pytestconfig.getoption("drill") else 7
    print(f"replay with --seed {given}")
    return given


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[Town]:
    """The shop with its people, in the worker's database."""
    from tests.access.town import town  # models are loaded by now.

    with django_db_blocker.unblock(), town() as built:
        yield built
