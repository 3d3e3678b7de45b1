"""A request in words: whoever approves it reads what would be done, in money and in sentences, and sees to what."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from evertill.domains.access import Permission
from evertill.entry.desk.approvals.telling import tell_content
from evertill.journeys.bulk_item import Target
from evertill.journeys.make_bulk import ask_to_confirm, make_bulk
from evertill.kernel import clock, ids
from tests.builders import ask, make_product, place_one
from tests.desk.clerks import clerk, text_of

P = Permission


@pytest.mark.parametrize(
    ("content", "english", "chinese"),
    [
        (
            {"currency": "USD", "prices": {"BLK-1": [9600, 1], "LMP-1": [None, 500], "TEA-1": [250, None]}},
            [("Prices", ["BLK-1: 96.00 USD → 0.01 USD", "LMP-1: no price → 5.00 USD", "TEA-1: 2.50 USD → no price"])],
            [("价格", ["BLK-1: 96.00 USD → 0.01 USD", "LMP-1: 无价格 → 5.00 USD", "TEA-1: 2.50 USD → 无价格"])],
        ),
        (
            {"amount": 500, "currency": "JPY", "lines": [["TEA", 2, None], ["CUP", 1, 300]], "restock": True},
            [("Amount", ["500 JPY"]), ("Pieces", ["2 × TEA", "1 × CUP, 300 JPY"]), ("Goods go back on sale", ["yes"])],
            [("金额", ["500 JPY"]), ("Pieces", ["2 × TEA", "1 × CUP, 300 JPY"]), ("商品重新上架", ["是"])],
        ),
        (
            {"says": "", "permissions": ["orders.hold", "alerts.read"], "version": 3},
            [("What it would allow", ["orders.hold", "See what somebody has to look at."])],
            [("将允许", ["orders.hold", "查看需要有人处理的警报。"])],
        ),
        ({"grant": "support"}, [("Role to be given", ["Support"])], [("要授予的角色", ["客服"])]),
        ({"issue": ["orders:read"]}, [("What the token may do", ["Read any order"])], None),
        ({"export": "account", "digest": "ab"}, [], []),
    ],
)
def test_parts_are_told_in_words(
    content: dict[str, Any], english: list[tuple[str, list[str]]], chinese: list[tuple[str, list[str]]] | None
) -> None:
    with override("en"):
        assert [(str(name), list(lines)) for name, lines in tell_content(content)] == english
    with override("zh-hans"):
        told = [list(lines) for _name, lines in tell_content(content)]
    assert chinese is None or told == [lines for _name, lines in chinese]


@pytest.mark.usefixtures("committed_db")
def test_a_request_leads_whoever_decides_to_what_it_is_about() -> None:
    make_product("TEA")
    number = ids.to_number(place_one(ask("one", {"TEA": 1})).order.id)
    boss = clerk("administrator")
    made = make_bulk(
        asker=boss.asker,
        operation="orders.cancel-many",
        targets=[Target(subject=number)],
        why="never paid",
        now=clock.now(),
    )
    asked = ask_to_confirm(asker=boss.asker, bulk_id=made.id, why="", now=clock.now())

    page = boss.get(f"approvals/{ids.to_number(asked.id)}/")

    assert f"In bulk {ids.to_number(made.id)}" in text_of(page)
    assert f'href="/en/desk/bulk/{ids.to_number(made.id)}/"' in page.content.decode()
