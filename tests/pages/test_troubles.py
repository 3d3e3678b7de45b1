"""What pages say of errors: true of whoever reads it."""

from __future__ import annotations

from evertill.entry.shop import troubles
from evertill.kernel.db import DatabaseBusy


class TestTell:
    def test_says_that_nothing_was_ordered_only_before_there_is_an_order(self) -> None:
        error = DatabaseBusy("Busy.")

        assert troubles.tell(error).kept == "Nothing was ordered and nothing was paid."
        assert troubles.tell(error, has_order=True).kept == "Your order stands, and nothing was paid twice."
