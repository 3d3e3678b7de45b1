"""How candidates are weighed: points for each clue, and what a search comes to."""

from __future__ import annotations

import datetime as dt
import itertools

import msgspec
import pytest

from evertill.domains.claims import MOVES, Candidate, Clue, Clues, Match, Proofs, Source, Standing, State, is_his
from evertill.domains.claims.scoring import judge, slips_between, weigh
from evertill.kernel import ids
from tests.builders import NOON

ORDER = ids.new_ids(1, now=NOON, randbits=lambda _: 0x1234_5678)[0]
HERS = Candidate(
    source=Source.ORDER,
    name=ids.to_number(ORDER),
    order_id=ORDER,
    emails=("Ada@example.com",),
    phones=("+4915112345678",),
    currency="GBP",
    total=2_500,
    at=NOON,
    references=("ch_1A2B3C4D5E",),
)


def _other(place: int, **changes: object) -> Candidate:
    return msgspec.structs.replace(HERS, name=f"other-{place}", order_id=ORDER + 1 + place, **changes)


class TestWeigh:
    @pytest.mark.parametrize(
        ("clues", "clue", "match", "points"),
        [
            (Clues(number=ids.to_number(ORDER)), Clue.NUMBER, Match.EXACT, 60),
            (Clues(number="X" + ids.to_number(ORDER)[1:]), Clue.NUMBER, Match.NEAR, 50),
            (Clues(number=ids.to_number(ORDER)[-6:]), Clue.NUMBER, Match.PART, 30),
            (Clues(number=ids.to_number(ORDER)[:8]), Clue.NUMBER, Match.PART, 8 + 12),
            (Clues(reference="CH-1a2b3c4d5e"), Clue.REFERENCE, Match.EXACT, 60),
            (Clues(reference="ch_1A2B3C4D5F"), Clue.REFERENCE, Match.NEAR, 50),
            (Clues(email="ada@example.com"), Clue.EMAIL, Match.EXACT, 30),
            (Clues(email="aad@example.com"), Clue.EMAIL, Match.NEAR, 20),
            (Clues(email="bob@example.com"), Clue.EMAIL, Match.AGAINST, -5),
            (Clues(phone="+4915112345678"), Clue.PHONE, Match.EXACT, 30),
            (Clues(phone="5678"), Clue.PHONE, Match.PART, 15),
            (Clues(amount=2_500, currency="GBP"), Clue.AMOUNT, Match.EXACT, 20),
            (Clues(amount=2_510), Clue.AMOUNT, Match.NEAR, 8),
            (Clues(amount=2_500, currency="EUR"), Clue.AMOUNT, Match.AGAINST, -5),
            (Clues(date=NOON.date()), Clue.DATE, Match.EXACT, 15),
            (Clues(date=NOON.date() - dt.timedelta(days=3)), Clue.DATE, Match.NEAR, 9),
            (Clues(date=NOON.date() + dt.timedelta(days=10)), Clue.DATE, Match.PART, 3),
            (Clues(date=NOON.date() - dt.timedelta(days=100)), Clue.DATE, Match.AGAINST, -10),
        ],
    )
    def test_counts_each_clue(self, clues: Clues, clue: Clue, match: Match, points: int) -> None:
        finding = weigh(clues=clues, candidate=HERS)

        (evidence,) = finding.evidence
        assert (evidence.clue, evidence.match, evidence.points) == (clue, match, points)
        assert finding.points == points

    def test_adds_up(self) -> None:
        clues = Clues(email="ada@example.com", amount=2_500, currency="GBP", date=NOON.date())

        finding = weigh(clues=clues, candidate=HERS)

        assert finding.points == 30 + 20 + 15
        assert [one.clue for one in finding.evidence] == [Clue.EMAIL, Clue.AMOUNT, Clue.DATE]


class TestJudge:
    def test_finds_nothing_among_nothing(self) -> None:
        search = judge(clues=Clues(number="7"), candidates=[])

        assert (search.standing, search.findings) == (Standing.NOTHING, ())

    def test_an_amount_alone_finds_nothing(self) -> None:
        assert judge(clues=Clues(amount=2_500), candidates=[HERS]).standing is Standing.NOTHING

    def test_one_that_leads_is_sure(self) -> None:
        clues = Clues(email="ada@example.com", amount=2_500, currency="GBP", date=NOON.date())

        search = judge(clues=clues, candidates=[_other(0, emails=("eve@example.com",)), HERS])

        assert search.standing is Standing.SURE
        assert search.findings[0].order_id == ORDER

    def test_equals_are_several_and_always_come_alike(self) -> None:
        candidates = [_other(place) for place in range(3)]
        clues = Clues(email="ada@example.com", date=NOON.date())

        found = [judge(clues=clues, candidates=order) for order in itertools.permutations(candidates)]

        assert {search.standing for search in found} == {Standing.SEVERAL}
        assert len({tuple(one.name for one in search.findings) for search in found}) == 1

    def test_keeps_ten_at_most(self) -> None:
        search = judge(clues=Clues(email="ada@example.com"), candidates=[_other(place) for place in range(30)])

        assert len(search.findings) == 10

    def test_an_order_counts_once_wherever_it_is_known_from(self) -> None:
        kept = msgspec.structs.replace(HERS, source=Source.BACKUP)

        search = judge(clues=Clues(email="ada@example.com", amount=2_500), candidates=[kept, HERS])

        assert [one.source for one in search.findings] == [Source.ORDER]
        assert search.standing is Standing.LIKELY


class TestSlips:
    @pytest.mark.parametrize(
        ("left", "right", "slips"),
        [
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("abc", "ab", 1),
            ("abc", "abcd", 1),
            ("abc", "xyz", 3),
            ("", "abcd", 3),
        ],
    )
    def test_are_counted(self, left: str, right: str, slips: int) -> None:
        assert slips_between(left, right) == slips == slips_between(right, left)


class TestIsHis:
    @pytest.mark.parametrize(
        ("proofs", "is_it"),
        [
            (Proofs(), False),
            (Proofs(email="ada@example.com"), True),
            (Proofs(email="eve@example.com"), False),
            (Proofs(phone="+4915112345678"), True),
            (Proofs(phone="+4915112345679"), False),
            (Proofs(account_id=7), False),
            (Proofs(order_id=ORDER), True),
            (Proofs(order_id=ORDER + 1), False),
        ],
    )
    def test_of_a_guest_by_proof_alone(self, proofs: Proofs, is_it: bool) -> None:
        assert is_his(candidate=HERS, proofs=proofs) is is_it

    def test_of_an_account_only_its_own(self) -> None:
        owned = msgspec.structs.replace(HERS, account_id=7)

        assert not is_his(candidate=owned, proofs=Proofs(email="ada@example.com"))
        assert not is_his(candidate=owned, proofs=Proofs(account_id=8, email="ada@example.com"))
        assert is_his(candidate=owned, proofs=Proofs(account_id=7))

    def test_an_empty_address_is_nobodys(self) -> None:
        nameless = msgspec.structs.replace(HERS, emails=("",), phones=("",))

        assert not is_his(candidate=nameless, proofs=Proofs(account_id=7))
        assert not is_his(candidate=msgspec.structs.replace(nameless, order_id=None), proofs=Proofs())


class TestMoves:
    def test_every_state_can_be_reached_and_a_withdrawn_one_never_left(self) -> None:
        assert set(MOVES) == set(State)
        assert all(State.WITHDRAWN not in sources for sources in MOVES.values())
        assert MOVES[State.ANSWERED] == {State.FOUND, State.NOTHING}
