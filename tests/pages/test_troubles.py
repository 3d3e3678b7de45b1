"""What pages say of errors: true of whoever reads it."""

from __future__ import annotations

from evertill.entry.pages import troubles
from evertill.entry.shop.cart import CartFull
from evertill.kernel import ids
from evertill.kernel.db import DatabaseBusy
from evertill.kernel.errors import EvertillError


class TestTell:
    def test_says_that_nothing_was_ordered_only_before_there_is_an_order(self) -> None:
        error = DatabaseBusy("Busy.")

        assert troubles.tell(error).kept == "Nothing was ordered and nothing was paid."
        assert troubles.tell(error, has_order=True).kept == "Your order stands, and nothing was paid twice."

    def test_gives_a_reference_to_what_is_our_fault_alone(self) -> None:
        ours = [troubles.tell(error).reference for error in (DatabaseBusy("Busy."), Odd("Nobody foresaw it."))]

        assert all(ids.from_number(reference) for reference in ours)
        assert troubles.tell(DatabaseBusy("Busy."), reference="0E9W-9MHZ-4G9XQ").reference == "0E9W-9MHZ-4G9XQ"
        assert troubles.tell(CartFull("Full.")).reference == ""

    def test_promises_help_only_where_something_is_kept(self) -> None:
        error = DatabaseBusy("Busy.")

        kept, lost = (troubles.tell(error, is_kept=is_kept) for is_kept in (True, False))

        assert "What you entered is kept" in kept.kept
        assert "What you entered is kept" not in lost.kept


class Odd(EvertillError):
    """A kind that nobody has words for."""

    code = "ODD"
