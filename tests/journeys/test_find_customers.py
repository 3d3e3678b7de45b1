"""Customers are found by what a caller may say, each search is on record, and an index knows each of them."""

from __future__ import annotations

import pytest

from evertill.domains import accounts, trail
from evertill.domains.accounts import AddressKind
from evertill.domains.trail import Search
from evertill.journeys.find_customers import find_customers
from evertill.journeys.permitted import Forbidden
from evertill.kernel import db, ids
from tests.askers import customer, staff
from tests.builders import NOON, ask, make_product, place_one

pytestmark = pytest.mark.usefixtures("committed_db")

ADA, BOB, WANG = 11, 12, 13


@pytest.fixture
def _people(committed_db: None) -> None:
    """Ada Lovelace, Bob Byron and 王小明, with an address each, and Ada with a number too."""
    with db.write():
        for account_id, name in ((ADA, "Ada Lovelace"), (BOB, "Bob Byron"), (WANG, "王小明")):
            accounts.open_account(account_id=account_id, display_name=name, language="en", now=NOON)
        for account_id, kind, address in (
            (ADA, AddressKind.EMAIL, "ada@example.com"),
            (ADA, AddressKind.PHONE, "+8613812340000"),
            (BOB, AddressKind.EMAIL, "bob@example.com"),
            (WANG, AddressKind.PHONE, "+8613912345678"),
        ):
            accounts.add_address(account_id=account_id, kind=kind, address=address, now=NOON)


@pytest.mark.usefixtures("_people")
class TestFinding:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("ada@example.com", [ADA]),
            ("Ada@Exam", [ADA]),
            ("ada", [ADA]),
            ("0000", [ADA]),
            ("4 0000", [ADA]),
            ("138 1234 0000", [ADA]),
            ("+8613812340000", [ADA]),
            ("5678", [WANG]),
            ("678", []),
            ("lovelace", [ADA]),
            ("love ada", [ADA]),
            ("LOVE", [ADA]),
            ("王", [WANG]),
            ("王小明", [WANG]),
            ("byron lovelace", []),
            (ids.to_number(BOB), [BOB]),
            (ids.to_number(999), []),
            ("%", []),
            ("' or 1=1 --", []),
            ("\0", []),
            ("& | !", []),
            ("", []),
        ],
    )
    def test_by_what_a_caller_says(self, text: str, found: list[int]) -> None:
        helper = staff(1, "support")

        assert [one.account.id for one in find_customers(asker=helper, text=text, limit=9, now=NOON)] == found

    def test_hides_addresses_and_is_on_record_without_what_was_typed(self) -> None:
        (found,) = find_customers(asker=staff(1, "support"), text="ada@example.com", limit=9, now=NOON)

        assert found.addresses == ["a•••@example.com", "+86 ••• 0000"]
        (record,) = trail.read_records(search=Search(operation="customers.read"), limit=9)
        assert (record.subject_kind, record.subject_id, record.after) == ("customers", "search", '{"found":1}')

    def test_finds_who_placed_an_order(self) -> None:
        make_product("TEA")
        placed = place_one(ask(lines={"TEA": 1}, account_id=BOB))

        found = find_customers(asker=staff(1, "support"), text=placed.number, limit=9, now=NOON)

        assert [one.account.id for one in found] == [BOB]

    def test_is_for_those_who_may(self) -> None:
        for asker in (staff(1, "fulfilment"), customer(2)):
            with pytest.raises(Forbidden):
                find_customers(asker=asker, text="ada", limit=9, now=NOON)
