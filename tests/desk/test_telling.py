"""What the shop says by itself is told in Chinese too: each code has a sentence, and no page of the desk is English."""

from __future__ import annotations

import ast
import datetime as dt
import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve
from django.utils.translation import override

from evertill.domains import incidents, recovery, reviews
from evertill.domains.access import Objection
from evertill.domains.incidents import Kind
from evertill.domains.recovery import Drill, Occasion, Verdict
from evertill.entry.desk.failures import refusal
from evertill.entry.desk.orders.words import reason
from evertill.entry.desk.telling import _SENTENCES, tell, tell_line
from evertill.journeys.ask_review import Reason, ask_review, ask_review_as_staff
from evertill.journeys.refuse_factor import WRONG
from evertill.journeys.refuse_visitor import NEITHER
from evertill.journeys.settle_payment import _TOLD
from evertill.journeys.tell_story import Line
from evertill.kernel import clock, db, ids
from evertill.kernel.said import Said, pack, unpack
from tests.access.town import Town, town
from tests.builders import NOON, ask, make_product, place_one
from tests.desk.clerks import clerk, text_of
from tests.kernel.waiting import ROOT

JOURNEYS = ROOT / "src" / "evertill" / "journeys"
REFUND = Said(
    text="A refund of 1.00 GBP (R1: broken) was under way.",
    code="BY_HAND_REFUND",
    values={"amount": "1.00 GBP", "refund": "R1", "reason": "broken", "provider": "stripe"},
)


def said_in_journeys() -> Iterator[str]:
    """The code of each sentence that a journey says."""
    for path in sorted(JOURNEYS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
                "Said",
                "note",
                "looking",
            ):
                fields = {one.arg: one.value for one in node.keywords}
                for one in ast.walk(fields.get("code", ast.Constant(value=""))):
                    if isinstance(one, ast.Constant) and re.fullmatch(r"[A-Z]+(_[A-Z]+)+", str(one.value)):
                        yield str(one.value)


class TestSentences:
    def test_are_there_for_all_that_journeys_say(self) -> None:
        codes = set(said_in_journeys())

        assert {"BACKUP_CUT_OFF", "DRILL_PAGES", "KEY_SHOWN", "BY_HAND_REFUND"} <= codes
        assert codes - set(_SENTENCES) == set()

    def test_are_told_in_the_readers_language(self) -> None:
        with override("en"):
            assert tell(REFUND) == "A refund of 1.00 GBP (R1: broken) was under way."
        with override("zh-hans"):
            assert tell(REFUND) == (
                "一笔 1.00 GBP 的退款（R1：broken）当时正在途中，备份不知道 stripe 是否已付出。"
                "请到那里查；如果没有付出，请为此订单退款 1.00 GBP。"
            )
            assert tell(Said(text="2 X", code="DIFFERENCES", values={"MISSING_HERE": "2"})) == "账目中缺少：2 笔。"
            assert tell_line(Said(text="✓ its books are sound", code="DRILL_BOOKS")) == "✓ 它的账目正确"

    def test_have_an_orders_state_in_words(self) -> None:
        values = dict.fromkeys(("payment", "provider", "captured", "gone", "left"), "x") | {"state": "CANCELLED"}
        with override("zh-hans"):
            assert tell(Said(text="", code="BY_HAND_UNEVEN", values=values)).startswith("订单当时的状态：已取消。")

    def test_of_before_there_were_codes_are_told_as_they_are(self) -> None:
        with override("zh-hans"):
            assert tell(unpack("It was cut off.", "")) == "It was cut off."
            assert tell("It was cut off.") == "It was cut off."
            assert tell_line("✓ as it was") == "✓ as it was"

    def test_of_another_release_are_told_as_they_are_or_by_their_code(self) -> None:
        with override("zh-hans"):
            assert tell(Said(text="Of 3.", code="MESSAGES_TOO_OLD", values={"number": "3"})) == "Of 3."
            assert tell(Said(text="x", code="NEVER_HEARD")) == "商店无法处理这一项，详情见商店日志中的 NEVER_HEARD。"

    def test_are_kept_as_their_code_and_values(self) -> None:
        assert unpack(REFUND.text, pack(REFUND)) == REFUND
        assert pack("words of somebody") == ""


class TestReviews:
    @pytest.mark.usefixtures("committed_db")
    def test_have_the_shops_sentences_in_chinese_and_peoples_as_they_are(self) -> None:
        make_product("TEA")
        order_id = place_one(ask("one", {"TEA": 1})).order.id
        owner = clerk("owner")
        with db.write():
            ask_review(order_id=order_id, reason=Reason.MONEY, details=[REFUND], actor="CLOCK:review", now=NOON)
        ask_review_as_staff(asker=owner.asker, order_id=order_id, why="He called.", now=NOON)
        number = ids.to_number(order_id)

        english, chinese = (text_of(owner.get(f"reviews/{number}/", language)) for language in ("en", "zh-hans"))

        assert f"{REFUND}; He called." in english
        assert "一笔 1.00 GBP 的退款（R1：broken）当时正在途中" in chinese
        assert "退款 1.00 GBP。; He called." in chinese
        assert "一笔 1.00 GBP 的退款" in text_of(owner.get(f"orders/{number}/", "zh-hans"))

    @pytest.mark.usefixtures("committed_db")
    def test_forget_what_people_said_with_the_sentences_that_stood_beside_it(self) -> None:
        make_product("TEA")
        order_id = place_one(ask("one", {"TEA": 1})).order.id
        with db.write():
            ask_review(order_id=order_id, reason=Reason.MONEY, details=[REFUND], actor="CLOCK:review", now=NOON)
        ask_review_as_staff(asker=clerk("owner").asker, order_id=order_id, why="Ada called.", now=NOON)

        with db.write():
            reviews.forget_texts(order_ids=[order_id])

        (review,) = reviews.read_of_order(order_id=order_id)
        (move,) = reviews.read_moves(review_id=review.id, limit=9)
        assert (review.detail, review.told, move.why, move.told) == ("removed", "", "", "")

    def test_have_words_for_all_that_money_can_come_to(self) -> None:
        assert {f"MONEY_{ending}" for ending in _TOLD} | {"DISPUTE_IS_WON", "DISPUTE_IS_LOST"} <= set(_SENTENCES)
        assert {f"BY_HAND_BALANCE_{how}" for how in ("SHORT", "SHORT_PART", "GONE", "GONE_PART")} <= set(_SENTENCES)


class TestRefusals:
    @pytest.mark.parametrize("why", [*(one.value for one in Objection), NEITHER, WRONG])
    def test_are_told_in_chinese(self, why: str) -> None:
        with override("zh-hans"):
            assert not re.search("[a-z]", refusal(why))

    @pytest.mark.usefixtures("committed_db")
    def test_stand_in_the_trail_in_chinese(self) -> None:
        support = clerk("support")
        assert support.get("trail/").status_code == 403

        page = text_of(clerk("auditor").get("trail/?outcome=REFUSED", "zh-hans"))

        assert "这需要一项您的角色都没有的权限。" in page
        assert Objection.NOT_ALLOWED.value not in page


class TestStory:
    @pytest.mark.parametrize(
        ("part", "text", "told"),
        [
            ("payment", "told by the provider", "由支付机构告知"),
            ("payment", "told by the bill: stripe 3", "由账单告知：stripe 3"),
            ("refused", "This needs the scope orders:read.", "这需要权限范围 orders:read。"),
            ("staff", "the box was wet", "the box was wet"),
        ],
    )
    def test_has_the_shops_reasons_in_chinese(self, part: str, text: str, told: str) -> None:
        with override("zh-hans"):
            assert reason(Line(at=NOON, part=part, what="x", who="x", text=text)) == told
        with override("en"):
            assert reason(Line(at=NOON, part=part, what="x", who="x", text=text)) == text

    def test_has_what_the_shop_keeps_as_a_code_in_words(self) -> None:
        asked = Line(at=NOON, part="review", what="WAITING", text="AMOUNT")
        paid = Line(at=NOON, part="payment", what="CAPTURED", text="MATCHED")
        begun = Line(at=NOON, part="payment", what="CREATED", text="asked for")
        for language, told in (
            ("en", ["Its amount", "It bought the order", ""]),
            ("zh-hans", ["金额", "已用于支付订单", ""]),
        ):
            with override(language):
                assert [reason(line) for line in (asked, paid, begun)] == told


# What is English in every language: names, addresses, commands, settings, and what the town's people typed.
KEPT_APART = re.compile(r"<(script|style|code|textarea|option)\b.*?</\1>|<[^>]+>", re.DOTALL)
SENTENCE = re.compile(r"[A-Za-z’']+(?:,? [a-z’']{2,}){3,}")
# At most so many pages of one view: the tenth order says nothing that the first three do not.
EACH = 3


@pytest.fixture
def shop(committed_db: None) -> Iterator[Town]:
    with town() as built:
        yield built


def leave_alerts() -> None:
    """An alert of each sentence, as a journey would raise it, and a drill that failed."""
    now = clock.now()
    with db.write():
        for number, (code, sentence) in enumerate(_SENTENCES.items()):
            values = dict.fromkeys(re.findall(r"%\((\w+)\)s", str(sentence)), "7")
            said = Said(text="It went wrong in plain English.", code=code, values=values)
            incidents.raise_alert(kind=Kind.BACKUP_FAILED, subject=f"a{number}", detail=said, now=now)
        told = [Said(text="✗ It is not sound at all.", code="DRILL_FAILED")]
        recovery.operations.record_drill(
            drill=Drill(
                occasion=Occasion.RANDOM, backup="b1", wanted_at=None, began_at=now - dt.timedelta(seconds=9),
                ended_at=now, verdict=Verdict.FAILED, rpo_ms=None, rto_ms=None,
                certificate=[str(one) for one in told], told=told,
            )
        )  # fmt: skip


def walk(browser: Client) -> dict[str, list[str]]:
    """What of each page of the desk is an English sentence, from the first on along every link, in Chinese."""
    first = browser.get("/zh-hans/desk/").headers["Location"]
    waiting, seen, looked = [first.replace("/en/", "/zh-hans/")], {first}, dict[str, int]()
    found: dict[str, list[str]] = {}
    while waiting:
        address = waiting.pop(0)
        view = resolve(address.partition("?")[0].removeprefix("/zh-hans")).view_name
        looked[view] = looked.get(view, 0) + 1
        answer: Any = browser.get(address)
        if looked[view] > EACH or not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = answer.content.decode() if not answer.streaming else ""
        text = html.unescape(KEPT_APART.sub(" \n ", page))
        if told := [one for line in text.splitlines() for one in SENTENCE.findall(line)]:
            found[address] = told
        links = [html.unescape(one) for one in re.findall(r'href="(/zh-hans/desk/[^"#]*)', page)]
        waiting += [one for one in dict.fromkeys(links) if one not in seen]
        seen |= set(links)
    assert len(looked) > 30, looked
    return found


class TestPages:
    def test_have_no_english_sentence_in_chinese(self, shop: Town) -> None:
        owner = shop.callers["owner"].clerk
        assert owner is not None
        leave_alerts()

        found = walk(owner.browser)

        # The one names the settings of the machine; the other shows what a customer consented to, as he read it.
        assert {one for one in found if not re.search("/(preferences/machine|submissions/[0-9A-Z-]+/)$", one)} == set()
