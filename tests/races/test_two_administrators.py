"""Two administrators change the same thing at the same moment, again and again: nobody's change is lost silently.

Each has seen the same state. One of them changes it; the other is told that it has changed, and what he wanted is
nowhere. `make drill ROUNDS=` has more rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from evertill.domains import access, catalog, preferences
from evertill.domains.access import Permission
from evertill.domains.preferences import Name
from evertill.journeys import manage_roles
from evertill.journeys.change_preference import change_preference
from evertill.journeys.change_prices import NewPrice, change_prices
from evertill.journeys.permitted import Asker
from evertill.kernel.versions import ChangedMeanwhile
from tests.askers import at_the_machine, staff
from tests.builders import NOON, make_product
from tests.threads import together

pytestmark = pytest.mark.usefixtures("committed_db")

ONE, OTHER = at_the_machine("one"), at_the_machine("other")
CY = 7
# Of these each round wants two: what one gives, the other does not.
_ALLOWED = (Permission.ORDERS_READ, Permission.STOCK_EDIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something that two change: how it is made, read as text, and changed from what was read to what is wanted."""

    make: Callable[[], object]
    read: Callable[[], str]
    change: Callable[[Asker, str, str], object]
    # What the one and the other want in a round.
    wanted: Callable[[int], tuple[str, str]]


def _roles_of_cy() -> str:
    return ",".join(sorted(role.name for role in access.read_holder(account_id=CY).roles))


def _grant(asker: Asker, seen: str, wanted: str) -> None:
    given, taken = set(wanted.split(",")) - set(seen.split(",")), set(seen.split(",")) - set(wanted.split(","))
    for act, names in ((manage_roles.grant_role, given), (manage_roles.revoke_role, taken)):
        for name in names:
            act(asker=asker, account_id=CY, role=name, why="", seen=seen.split(","), now=NOON)


def _wanted_roles(turn: int) -> tuple[str, str]:
    # By turns one of them is given, and taken again by both.
    return ("customer,support", "customer,fulfilment") if turn % 2 == 0 else ("customer", "customer")


def _role() -> str:
    role = manage_roles.find_role(name="night")
    return "" if role is None else f"{role.says}|{role.version}"


def _define(asker: Asker, seen: str, wanted: str) -> None:
    found = manage_roles.find_role(name="night")
    if found is not None and f"{found.says}|{found.version}" != seen:
        raise ChangedMeanwhile("It was seen late.")
    manage_roles.define_role(asker=asker, name="night", says=wanted, permissions=_ALLOWED, seen=found, why="", now=NOON)


def _price() -> str:
    ((amount,),) = [(row.amount,) for row in catalog.prices.list_prices(currency="GBP", search="", after="", limit=1)]
    return str(amount)


def _change_price(asker: Asker, seen: str, wanted: str) -> None:
    new = NewPrice(sku="TEA", before=int(seen), after=int(wanted))
    change_prices(asker=asker, currency="GBP", prices=[new], why="", now=NOON)


def _preference() -> str:
    found = preferences.read_one(Name.SHOP_NAME)
    return f"{found.value}|{found.version}"


def _change_preference(asker: Asker, seen: str, wanted: str) -> None:
    version = int(seen.rpartition("|")[2])
    change_preference(asker=asker, name=Name.SHOP_NAME, text=wanted, why="", seen=version, now=NOON)


THINGS: Mapping[str, Thing] = {
    "a role of the shop's own": Thing(
        make=lambda: _define(ONE, "", "first"),
        read=_role,
        change=_define,
        wanted=lambda turn: (f"one {turn}", f"other {turn}"),
    ),
    "roles of an account": Thing(make=lambda: staff(CY), read=_roles_of_cy, change=_grant, wanted=_wanted_roles),
    "a price": Thing(
        make=lambda: make_product("TEA", prices={"GBP": 100_000}),
        read=_price,
        change=_change_price,
        wanted=lambda turn: (str(100_001 + turn * 2), str(100_002 + turn * 2)),
    ),
    "a preference": Thing(
        make=lambda: None,
        read=_preference,
        change=_change_preference,
        wanted=lambda turn: (f"One {turn}", f"Other {turn}"),
    ),
}


@pytest.mark.parametrize("name", THINGS)
def test_one_of_them_is_told(name: str, pytestconfig: pytest.Config) -> None:
    thing = THINGS[name]
    thing.make()
    rounds = (pytestconfig.getoption("rounds") or 100) if pytestconfig.getoption("drill") else 6

    for turn in range(rounds):
        seen = thing.read()
        one, other = thing.wanted(turn)

        done = together(
            lambda: _try(thing, ONE, seen, one),  # noqa: B023 — called at once.
            lambda: _try(thing, OTHER, seen, other),  # noqa: B023
        )

        assert sorted(done) == [False, True], f"{name}, round {turn}: both or neither were told."
        assert thing.read().partition("|")[0] == (one if done[0] else other)


def _try(thing: Thing, asker: Asker, seen: str, wanted: str) -> bool:
    try:
        thing.change(asker, seen, wanted)
    except (ChangedMeanwhile, manage_roles.RoleUnchanged):
        return False
    return True
