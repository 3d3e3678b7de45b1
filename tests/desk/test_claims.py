"""The desk's room of claims: the queue, the evidence, an answer, a policy by two, a compensation."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from evertill.domains import claims, orders, recovery
from evertill.domains.claims import About, Decision, Proofs, State
from evertill.entry.desk.claims.words import FAILED
from evertill.journeys import decide_approvals, search_backups
from evertill.journeys.file_claim import AskedClaim, Filed, file_claim
from evertill.journeys.place_orders import Placed
from evertill.kernel import clock, db, ids
from evertill.kernel.errors import EvertillError
from tests.builders import ask, make_product, place_one
from tests.desk.clerks import Clerk, clerk
from tests.losing import copy_of, lose

ADA = "ada@example.com"


@pytest.fixture
def placed(committed_db: None) -> Placed:
    make_product("TEA")
    return place_one(ask(email=ADA), now=clock.now())


@pytest.fixture
def filed(placed: Placed) -> Filed:
    asked = AskedClaim(about=About.LATE_DELIVERY, contact=ADA, number=placed.number, language="en")
    return file_claim(asked=asked, session=None, caller="x", now=clock.now())


def _text(answer: object) -> str:
    content: bytes = answer.content  # type: ignore[attr-defined]  # an answer of Django's.
    return content.decode()


def _declare(maker: Clerk, other: Clerk) -> None:
    fields = {
        "about": "LATE_DELIVERY",
        "currency": "GBP",
        "fixed": "1.00",
        "percent": "10",
        "per_day": "0.50",
        "grace_days": "1",
        "order_max": "20",
        "alone_max": "5",
        "customer_month_max": "50",
        "month_max": "1000",
        "why": "fair",
    }
    assert "approve" in _text(maker.post("claims/policy/declare", **fields))
    assert maker.post("claims/policy/declare", **fields, ask="1", why_ask="please").status_code == 303
    (waiting,) = decide_approvals.list_waiting(asker=other.asker, limit=10, now=clock.now())
    decide_approvals.decide(asker=other.asker, approval_id=waiting.id, is_approved=True, why="yes", now=clock.now())
    assert maker.post("claims/policy/declare", **fields).status_code == 303


class TestRoom:
    def test_shows_the_queue_and_the_evidence(self, placed: Placed, filed: Filed) -> None:
        bob = clerk("support")

        queue, page = bob.get("claims/"), bob.get(f"claims/{filed.number}/")

        assert filed.number in _text(queue)
        assert placed.number in _text(page)
        assert "not proved to be his" in _text(page)
        assert "申请" in _text(bob.get("claims/", language="zh-hans"))
        assert _text(bob.get("claims/policy")).count("Nothing is promised") == 1

    def test_is_closed_to_who_may_not(self, filed: Filed) -> None:
        packer = clerk("fulfilment")

        assert packer.get("claims/").status_code == 403
        assert packer.post(f"claims/{filed.number}/answer", answer="No.").status_code == 403
        assert clerk("auditor").post(f"claims/{filed.number}/answer", answer="No.").status_code == 403

    def test_answers(self, placed: Placed, filed: Filed) -> None:
        bob = clerk("support")

        empty = bob.post(f"claims/{filed.number}/answer", order=placed.number, answer="", seen="1")
        done = bob.post(f"claims/{filed.number}/answer", order=placed.number, answer="Here it is.", seen="1")
        again = bob.post(f"claims/{filed.number}/answer", answer="No.", seen="2")

        assert (empty.status_code, done.status_code, again.status_code) == (422, 303, 409)
        claim = claims.queries.find(claim_id=filed.id)
        assert claim is not None
        assert (claim.state, claim.order_id, claim.answer) == (State.ANSWERED, placed.order.id, "Here it is.")

    def test_compensates_by_a_policy_that_two_declared(self, placed: Placed, filed: Filed) -> None:
        bob, maker, other = clerk("support"), clerk("administrator"), clerk("finance")
        asked = {"order": placed.number, "about": "LATE_DELIVERY", "days": "3", "way": "BALANCE", "why": "late"}
        assert bob.post(f"claims/{filed.number}/compensate", **asked).status_code == 409
        _declare(maker, other)
        assert bob.post(f"claims/{filed.number}/compensate", **asked).status_code == 409
        with db.write():
            claims.operations.lock(claim_id=filed.id)
            claims.operations.keep_proofs(
                claim_id=filed.id, proofs=Proofs(email=ADA), actor="customer", now=clock.now()
            )

        given = bob.post(f"claims/{filed.number}/compensate", **asked)

        assert given.status_code == 303
        (award,) = claims.queries.awards_of_claim(claim_id=filed.id)
        # 1.00, 10 % of 2.50, and two days at 0.50.
        assert str(award.amount) == "2.25 GBP"
        assert "2.25" in _text(bob.get(f"claims/{filed.number}/"))


class TestBackups:
    """Searching is asked for here and done by the process of backups: tests/recovery."""

    @pytest.fixture
    def searched(self, placed: Placed, filed: Filed) -> recovery.BackupSearch:
        """A search that found an order which the shop has not."""
        copied = copy_of(placed)
        lose(placed)
        search = recovery.BackupSearch(
            id=7 << 40,
            number=ids.to_number(7 << 40),
            claim_id=filed.id,
            clues="{}",
            wanted_at=None,
            asked_by="STAFF:7",
            asked_at=clock.now(),
        )
        with db.write():
            recovery.searches.ask(new=search, most=9)
            recovery.searches.take(now=clock.now())
            recovery.searches.note_progress(search_id=search.id, step="Fetching", done=1, whole=4)
        return msgspec.structs.replace(
            search,
            state=recovery.SearchState.FOUND,
            backup="20261126T120000Z-full-000000",
            reached_at=clock.now(),
            ended_at=clock.now(),
            found=msgspec.json.encode([copied]).decode(),
        )

    def test_show_how_far_a_search_is_and_then_what_it_found(
        self, placed: Placed, filed: Filed, searched: recovery.BackupSearch
    ) -> None:
        bob = clerk("support")
        under_way = _text(bob.get(f"claims/{filed.number}/backups"))
        with db.write():
            recovery.searches.end(search=searched, now=clock.now())

        page = _text(bob.get(f"claims/{filed.number}/backups"))

        assert "Fetching the copy · 25 %" in under_way
        assert placed.number not in under_way
        assert searched.backup in page
        assert f"{placed.number} · 60" in page
        assert "正在取回副本" not in page
        assert "在备份中查找" in _text(bob.get(f"claims/{filed.number}/backups", language="zh-hans"))
        assert clerk("fulfilment").get(f"claims/{filed.number}/backups").status_code == 403

    def test_stand_the_latest_first_whatever_their_numbers(self, filed: Filed) -> None:
        now, numbers = clock.now(), (9 << 40, 8 << 40)
        with db.write():
            for number, at in zip(numbers, (now, now + dt.timedelta(seconds=1)), strict=True):
                search = recovery.BackupSearch(
                    id=number, number="", claim_id=filed.id, clues="{}", wanted_at=None, asked_by="STAFF:7", asked_at=at
                )
                recovery.searches.ask(new=search, most=9)
                recovery.searches.take(now=at)
                ended = msgspec.structs.replace(search, state=recovery.SearchState.FAILED)
                recovery.searches.end(search=ended, now=at)

        found = recovery.searches.list_of_claim(claim_id=filed.id, limit=9)

        assert [one.id for one in found] == [8 << 40, 9 << 40]

    @pytest.mark.parametrize(
        ("code", "english", "chinese"),
        [
            ("WAL_MISSING", "Something of the backup is missing or damaged", "备份中有内容缺失或损坏"),
            ("SEARCH_NO_ROOM", "The disk has no room for a copy", "磁盘空间不足"),
            ("INTERNAL", "Whoever runs the machine finds more in its log.", "管理机器的人可在其日志中了解详情。"),
        ],
    )
    def test_say_in_each_language_why_a_search_failed(
        self, filed: Filed, searched: recovery.BackupSearch, code: str, english: str, chinese: str
    ) -> None:
        failed = {"state": recovery.SearchState.FAILED, "found": "", "code": code, "error": "Segment 7 is not there."}
        bob = clerk("support")
        with db.write():
            recovery.searches.end(search=msgspec.structs.replace(searched, **failed), now=clock.now())

        page = f"claims/{filed.number}/backups"

        assert english in _text(bob.get(page))
        assert "Segment 7 is not there." in _text(bob.get(page))
        assert chinese in _text(bob.get(page, language="zh-hans"))

    def test_have_words_for_whatever_code_they_know(self) -> None:
        # A code that nothing fails with any more has words that nobody sees.
        todo, known = [EvertillError], {"SEARCH_CUT_OFF"}
        while todo:
            todo += (one := todo.pop()).__subclasses__()
            known.add(one.code)

        assert search_backups.NoRoom.code in known
        assert set(FAILED) <= known

    def test_give_back_one_order_once_another_person_has_approved(
        self, placed: Placed, filed: Filed, searched: recovery.BackupSearch
    ) -> None:
        with db.write():
            recovery.searches.end(search=searched, now=clock.now())
        bob, eve = clerk("support"), clerk("finance")
        asked = {"search": searched.number, "order": placed.number, "answer": "It is back.", "why": "lost"}
        path = f"claims/{filed.number}/recover"

        alone = bob.post(path, **asked)
        wanted = bob.post(path, **asked, ask="1", why_ask="please")
        (waiting,) = decide_approvals.list_waiting(asker=eve.asker, limit=10, now=clock.now())
        decide_approvals.decide(asker=eve.asker, approval_id=waiting.id, is_approved=True, why="yes", now=clock.now())
        done = bob.post(path, **asked)

        assert "approve" in _text(alone)
        assert (wanted.status_code, done.status_code) == (303, 303)
        (order,) = orders.read_orders(order_ids=[placed.order.id]).values()
        assert (order.email, order.lines) == (ADA, placed.order.lines)
        claim = claims.queries.find(claim_id=filed.id)
        assert claim is not None
        assert (claim.state, claim.decision, claim.order_id) == (State.ANSWERED, Decision.RECOVERED, placed.order.id)
        assert placed.number not in _text(bob.get(f"claims/{filed.number}/backups"))

    def test_are_asked_for_once(self, filed: Filed) -> None:
        bob = clerk("support")

        with_no_place = bob.post(f"claims/{filed.number}/search", why="lost", at="")

        assert with_no_place.status_code == 422
        assert "no place for backups" in _text(with_no_place)
