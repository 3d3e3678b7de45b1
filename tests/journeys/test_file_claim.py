"""Claims: filed with clues that are wrong or only a part, found all the same, and shown to nobody else."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import msgspec
import pytest

from evertill.domains import claims, orders
from evertill.domains.claims import About, Source, Standing, State
from evertill.journeys.file_claim import (
    AskedClaim,
    ClaimsLimited,
    CluesMissing,
    ContactInvalid,
    Filed,
    NotAReceipt,
    file_claim,
)
from evertill.journeys.find_claimed import find_claimed, search_filed
from evertill.journeys.keep_submission import keep_submission
from evertill.journeys.place_orders import Placed, place_orders
from evertill.journeys.view_claim import CodeWrong, begin_proof, finish_proof, view_claim, withdraw_claim
from evertill.kernel import db, ids
from tests.builders import NOON, ask, make_product, place_one
from tests.people import Pocket
from tests.submitting import failed

pytestmark = pytest.mark.usefixtures("committed_db")

EVE = "eve@example.com"


def _file(*, contact: str = EVE, caller: str = "", **clues: Any) -> Filed:
    asked = AskedClaim(about=About.LOST_ORDER, contact=contact, language="en", **clues)
    return file_claim(asked=asked, session=None, caller=caller or contact, now=NOON)


def _found(filed: Filed) -> claims.Search:
    claim = claims.queries.find(claim_id=filed.id)
    assert claim is not None
    assert claim.search is not None
    return claim.search


def _orders(count: int, *, seed: int = 7) -> list[Placed]:
    """Orders of some weeks, of people with addresses of their own."""
    draw = random.Random(seed)
    make_product("TEA", pieces=None)
    placed = []
    for number in range(0, count, 50):
        asked = [
            ask(
                f"key-{place}",
                {"TEA": draw.randrange(1, 400)},
                email=f"person{place}.{draw.randrange(10**6)}@example.com",
                phone=f"+4915{draw.randrange(10**9):09d}",
            )
            for place in range(number, min(number + 50, count))
        ]
        at = NOON - dt.timedelta(days=draw.randrange(3, 40), minutes=draw.randrange(600))
        # Their numbers too are those of the seed: another run would look for other ones.
        outcomes = place_orders(asked, now=at, randbits=draw.getrandbits)
        placed += [outcome for outcome in outcomes if isinstance(outcome, Placed)]
    return placed


class TestLimits:
    def test_keep_nobody_out_who_has_proved_something_for_claims_of_strangers(self) -> None:
        make_product("TEA")
        placed = place_one(ask(email="ada@example.com"))
        for number in range(5):
            _file(number="0E9V-2B7K", contact="ada@example.com", caller=f"stranger {number}")
        with pytest.raises(ClaimsLimited):
            _file(number=placed.number, contact="ada@example.com", caller="ada")

        filed = _file(receipt=placed.receipt, contact="ada@example.com", caller="ada")

        assert [one.number for one in view_claim(claim_id=filed.id).found] == [placed.number]


class TestTime:
    def test_asks_the_database_as_often_for_addresses_that_the_shop_knows(self) -> None:
        """Else the clock would tell strangers who is a customer, which no page does."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        make_product("TEA")
        place_one(ask(email="ada@example.com", phone="+491510000001"))

        def asked(**clues: Any) -> list[str]:
            with CaptureQueriesContext(connection) as asked:
                find_claimed(clues=claims.Clues(**clues), now=NOON)
            return [query["sql"].split()[0] for query in asked.captured_queries]

        assert asked(email="ada@example.com") == asked(email="eva@example.com")
        assert asked(phone="+491510000001") == asked(phone="+491519999999")


class TestFiling:
    def test_finds_an_order_by_a_mistyped_number(self) -> None:
        make_product("TEA")
        placed = place_one(ask(email="ada@example.com"))
        mistyped = placed.number[:-2] + ("7" if placed.number[-2] != "7" else "8") + placed.number[-1]

        search = _found(_file(number=mistyped))

        assert search.standing is Standing.LIKELY
        assert [(one.source, one.order_id, one.points) for one in search.findings] == [
            (Source.ORDER, placed.order.id, 50)
        ]

    def test_finds_nothing_where_there_is_nothing(self) -> None:
        filed = _file(number="0000-0000-00000", email="nobody@example.com")

        claim = claims.queries.find(claim_id=filed.id)

        assert claim is not None
        assert claim.state is State.NOTHING
        assert claim.search is not None
        assert claim.search.findings == ()

    def test_finds_a_failed_checkout(self) -> None:
        make_product("TEA")
        kept = failed(ask("lost", {"TEA": 2}, email="ada@example.com"))
        keep_submission(failed=kept, now=NOON)

        search = _found(_file(email="ada@example.com", amount=500, currency="GBP"))

        assert [(one.source, one.name) for one in search.findings] == [(Source.SUBMISSION, ids.to_number(kept.id))]

    def test_keeps_its_history(self) -> None:
        filed = _file(number="0000-0000-00000")

        assert [one.kind for one in claims.queries.read_events(claim_id=filed.id, limit=10)] == [
            "claim.filed",
            "claim.nothing",
        ]

    def test_needs_a_clue_and_a_contact(self) -> None:
        with pytest.raises(CluesMissing):
            _file(words="Where is my order?")
        with pytest.raises(ContactInvalid):
            _file(contact="me", number="7")
        with pytest.raises(NotAReceipt):
            _file(receipt="my receipt")

    def test_a_caller_files_so_many_in_an_hour(self) -> None:
        for number in range(10):
            _file(contact=f"{number}@example.com", caller="203.0.113.7", number="7777")

        with pytest.raises(ClaimsLimited):
            _file(contact="more@example.com", caller="203.0.113.7", number="7777")
        assert claims.queries.count_open() == 10

    def test_so_many_wait_for_one_address(self) -> None:
        filed = [_file(caller=str(number), number="7777") for number in range(5)]
        with pytest.raises(ClaimsLimited):
            _file(caller="another", number="7777")

        withdraw_claim(claim_id=filed[0].id, now=NOON)

        _file(caller="another", number="7777")

    def test_one_that_nobody_could_look_into_is_looked_into_by_the_job(self) -> None:
        filed = _file(number="7777")
        with db.write():
            db.execute("update claims_claim set state = 'FILED', search = null where id = %s", (filed.id,))

        assert search_filed(now=NOON + dt.timedelta(minutes=1)) == 1
        assert search_filed(now=NOON + dt.timedelta(minutes=2)) == 0


class TestFinding:
    """The right order first, by partial clues, among some thousand."""

    def test_puts_the_right_order_first(self) -> None:
        placed = _orders(1_500)
        draw = random.Random(11)
        wrong = []
        for one in draw.sample(placed, 120):
            clues = _partial(one.order, draw)
            search = find_claimed(clues=clues, now=NOON)
            if not search.findings or search.findings[0].order_id != one.order.id:
                wrong.append((one.number, clues))

        assert wrong == []


def _partial(order: orders.Order, draw: random.Random) -> claims.Clues:
    """Clues of somebody who does not remember everything, and not everything right."""
    number = ids.to_number(order.id)
    slip = draw.randrange(13)
    plain = list(number.replace("-", ""))
    plain[slip] = draw.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    kinds = [
        claims.Clues(number="".join(plain)),
        claims.Clues(number=number[-6:], date=order.placed_at.date() + dt.timedelta(days=draw.randrange(-2, 3))),
        claims.Clues(email=order.email, amount=order.total, currency=order.currency),
        claims.Clues(email=order.email[1:], date=order.placed_at.date()),
        claims.Clues(phone=order.phone, date=order.placed_at.date()),
        claims.Clues(phone=order.phone[-5:], amount=order.total, date=order.placed_at.date()),
    ]
    return draw.choice(kinds)


class TestShowing:
    def test_shows_nothing_that_was_not_proved_to_be_his(self) -> None:
        make_product("TEA")
        placed = place_one(ask(email="ada@example.com", phone="+4915112345678"))

        filed = _file(number=placed.number, email="ada@example.com", phone="+4915112345678", amount=250)

        shown = view_claim(claim_id=filed.id)
        assert _found(filed).findings[0].order_id == placed.order.id
        assert (shown.found, shown.answered, shown.is_proved) == ((), None, False)

    def test_reads_the_same_whether_there_is_such_an_order_or_not(self) -> None:
        make_product("TEA")
        placed = place_one(ask(email="ada@example.com"))
        right, wrong = (
            view_claim(claim_id=_file(number=number, email="ada@example.com").id)
            for number in (placed.number, "0000-0000-00000")
        )

        same: dict[str, Any] = {"number": "", "clues": claims.Clues(), "state": State.FOUND}
        assert msgspec.structs.replace(right, **same) == msgspec.structs.replace(wrong, **same)

    def test_shows_a_guests_order_to_who_proves_its_address(self, pocket: Pocket) -> None:
        make_product("TEA")
        placed = place_one(ask(email="Ada@example.com"))
        filed = _file(contact="ada@example.com", amount=250, date=NOON.date())

        _prove(filed, pocket)

        (found,) = view_claim(claim_id=filed.id).found
        assert (found.source, found.number, found.state) == (Source.ORDER, placed.number, "PLACED")
        assert str(found.total) == "2.50 GBP"

    def test_a_wrong_code_proves_nothing(self, pocket: Pocket) -> None:
        make_product("TEA")
        place_one(ask(email="ada@example.com"))
        filed = _file(contact="ada@example.com", amount=250, date=NOON.date())
        sent = begin_proof(claim_id=filed.id, caller="here", language="en", now=NOON)

        right = pocket.code_of(sent.code_id)
        with pytest.raises(CodeWrong):
            finish_proof(claim_id=filed.id, code_id=sent.code_id, digits=right[::-1] + "1", now=NOON)

        assert view_claim(claim_id=filed.id).found == ()

    def test_proving_ones_own_address_shows_nobody_elses(self, pocket: Pocket) -> None:
        make_product("TEA")
        placed = place_one(ask(email="ada@example.com"))
        filed = _file(number=placed.number, email="ada@example.com")

        _prove(filed, pocket)

        assert view_claim(claim_id=filed.id).found == ()

    def test_an_accounts_order_is_not_shown_to_who_proves_its_address(self, pocket: Pocket) -> None:
        make_product("TEA")
        placed = place_one(ask(email="ada@example.com", account_id=7))
        filed = _file(contact="ada@example.com", number=placed.number)

        _prove(filed, pocket)

        assert view_claim(claim_id=filed.id).found == ()

    def test_a_receipt_shows_the_order_that_it_is_of_and_no_other(self) -> None:
        make_product("TEA")
        mine = place_one(ask("a", email=EVE))
        place_one(ask("b", email="ada@example.com"))

        filed = _file(receipt=mine.receipt, email="ada@example.com")

        assert [one.number for one in view_claim(claim_id=filed.id).found] == [mine.number]

    def test_foreign_clues_show_nothing_of_thousands_of_orders(self, pytestconfig: pytest.Config) -> None:
        rounds = 1_000 if pytestconfig.getoption("drill") else 100
        placed = _orders(400)
        draw = random.Random(3)
        found = 0
        for turn, one in enumerate(draw.choices(placed, k=rounds)):
            clues = _partial(one.order, draw)
            fields = {name: getattr(clues, name) for name in clues.__struct_fields__}
            filed = _file(contact=f"stranger{turn}@example.com", **fields)
            with db.write():
                claims.operations.lock(claim_id=filed.id)
                proofs = claims.Proofs(email=f"stranger{turn}@example.com", account_id=turn + 1)
                claims.operations.keep_proofs(claim_id=filed.id, proofs=proofs, actor="customer", now=NOON)
            shown = view_claim(claim_id=filed.id)
            found += bool(_found(filed).findings)

            assert (shown.found, shown.answered) == ((), None)
            told = msgspec.json.encode(msgspec.structs.replace(shown, clues=claims.Clues())).decode()
            assert one.number not in told
            assert one.order.email not in told
            assert one.order.phone not in told

        assert found > 0.9 * rounds


def _prove(filed: Filed, pocket: Pocket) -> None:
    sent = begin_proof(claim_id=filed.id, caller="here", language="en", now=NOON)
    digits = pocket.code_of(sent.code_id)
    finish_proof(claim_id=filed.id, code_id=sent.code_id, digits=digits, now=NOON)
