"""The room of API tokens: issued by two people and a proof, its secret shown once, revoked by one alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from evertill.domains import access
from evertill.domains.access import Permission, Scope
from evertill.journeys.manage_tokens import issue_token
from evertill.kernel import clock
from tests.askers import MACHINE
from tests.desk.clerks import approve, clerk, text_of

pytestmark = pytest.mark.usefixtures("committed_db")

FORM: dict[str, Any] = {"name": "warehouse", "scope": ["orders:read", "orders:cancel"]}


def issued() -> list[tuple[str, bool]]:
    return [(token.name, token.revoked_at is None) for token in access.list_tokens()]


def test_is_issued_by_two_people_and_shows_its_secret_once() -> None:
    boss, owner = clerk("administrator"), clerk("owner")
    assert "has to approve" in text_of(boss.post("tokens/issue", **FORM))
    asked: Any = boss.post("tokens/issue", **FORM, ask="1", why_ask="the new warehouse")
    assert asked.headers["Location"] == "/en/desk/tokens/?done=asked"
    approve(owner)
    unproved: Any = boss.post("tokens/issue", **FORM)
    assert "/account/prove" in unproved.headers["Location"]
    assert issued() == []
    boss.prove(Permission.TOKENS_MANAGE, "token:warehouse")

    page = boss.post("tokens/issue", **FORM)

    (secret,) = re.findall(r"<code>(\w+_[\w-]{43})</code>", page.content.decode())
    assert access.authenticate(secret=secret).scopes == {Scope.ORDERS_READ, Scope.ORDERS_CANCEL}
    assert "no-store" in page.headers["Cache-Control"]
    shown = boss.get("tokens/").content.decode()
    assert "warehouse" in shown
    assert "Cancel any order" in shown
    assert secret not in shown
    # The approval and the proof are used up.
    assert "in use" in text_of(boss.post("tokens/issue", **FORM))


def test_is_revoked_by_one_alone() -> None:
    boss = clerk("administrator")
    issue_token(asker=MACHINE, name="till", scopes=[Scope.ORDERS_READ], now=clock.now())

    done: Any = boss.post("tokens/revoke", name="till")

    assert done.headers["Location"] == "/en/desk/tokens/?done=revoked"
    assert issued() == [("till", False)]
    again = boss.post("tokens/revoke", name="till")
    assert again.status_code == 404
    assert "Look at the list of tokens." in text_of(again)


def test_is_for_nobody_else() -> None:
    for role in ("support", "finance", "auditor"):
        other = clerk(role)
        assert other.get("tokens/").status_code == 403
        assert other.post("tokens/issue", **FORM).status_code == 403
    assert issued() == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "-dash"}, "This cannot name a token."),
        ({"name": ""}, "This cannot name a token."),
        ({"name": "till", "scope": ["orders:everything"]}, "A token cannot be allowed this."),
        ({"name": "till"}, "A token of this name is in use."),
    ],
)
def test_says_what_is_wrong_before_anybody_is_asked(form: dict[str, Any], said: str) -> None:
    issue_token(asker=MACHINE, name="till", scopes=[], now=clock.now())
    page = clerk("administrator").post("tokens/issue", **form)

    assert page.status_code in (409, 422)
    assert said in text_of(page)
    assert issued() == [("till", True)]


def test_says_it_in_chinese() -> None:
    assert "还没有令牌。" in text_of(clerk("owner").get("tokens/", language="zh-hans"))
    issue_token(asker=MACHINE, name="till", scopes=[], now=clock.now())
    assert "代表店铺的程序" in text_of(clerk("owner").get("tokens/", language="zh-hans"))
