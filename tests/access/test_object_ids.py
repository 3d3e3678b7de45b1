"""Every id of everything that the shop has, put into every address that takes one, by people whose it is not.

The short form tries a sample, drawn in the same way each time; `make drill` tries all of them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import httpx
import pytest

from evertill.entry.pages.audience import Audience
from evertill.kernel import db
from tests.access.declared import Operation, Page, operations, pages
from tests.access.test_matrix import SHOWS_PEOPLE, expected
from tests.access.town import ADA, BEN, GUS, NOBODY, STAFF, WITHOUT_ROLE, Caller, Town, object_ids
from tests.contracts.web import Site
from tests.desk.clerks import OWN

ATTEMPTS = 1200
# Who has no business with what is Ada's, and who has some with a part of it.
ASKING = (NOBODY, GUS, BEN, WITHOUT_ROLE, *STAFF)
# What is Ada's, or about her: none of it is changed by anybody who may not.
GUARDED = (
    "accounts_account",
    "accounts_address",
    "orders_order",
    "orders_line",
    "orders_event",
    "orders_hold",
    "payments_intent",
    "payments_refund",
    "payments_move",
    "access_role_grant",
    "access_own_role",
    "access_api_token",
    "approvals_approval",
    "identity_passkey",
    "submissions_submission",
)
Attempt = tuple[str, Page | Operation, str, str]


def attempts(ids: list[str]) -> Iterator[Attempt]:
    """Everybody, every address that takes an id, every method of it, every id: all that may not, or may only look."""
    for name in ASKING:
        for page in pages():
            if page.is_open_to_ids and _is_tried(page, name):
                yield from ((name, page, method, one) for method in sorted(page.methods) for one in ids)
        for operation in operations():
            if "{" in operation.path and not operation.is_for_anybody and not operation.is_for_providers:
                yield from ((name, operation, operation.method, one) for one in ids)


def _is_tried(page: Page, name: str) -> bool:
    # What staff of a role may do, tests of their rooms try; here nobody does what he may.
    return page.audience is not Audience.STAFF or name not in STAFF or page.permission is not None


class Tried:
    """What was tried, and what came of it that should not have."""

    def __init__(self, shop: Town, client: httpx.Client) -> None:
        self.shop, self.client = shop, client
        self.wrong: list[str] = []
        self.count: Counter[str] = Counter()

    def all(self, tries: list[Attempt]) -> None:
        """Try all of these."""
        for name, what, method, one in tries:
            caller = self.shop.callers[name]
            if method == "POST" and _is_own(self.shop, caller, one):
                # He may well cancel what is his own; then it is another shop that the others see.
                continue
            if isinstance(what, Page):
                self._page(caller, what, method, one)
            else:
                self._operation(caller, what, one)

    def _page(self, caller: Caller, page: Page, method: str, one: str) -> None:
        is_in = expected(page, method, caller) == "IN"
        if is_in and page.audience is Audience.STAFF and method == "POST":
            return
        path = page.filled(lambda kind, _: one if kind != "int" or one.isdigit() else "7")
        if caller.access_token and page.audience is Audience.ORDER:
            path += f"?access_token={caller.access_token}"
        answer: Any = caller.browser.generic(method, path, headers=OWN)
        self.count["pages"] += 1
        shows_people = is_in and page.audience is Audience.STAFF and bool(caller.permissions & SHOWS_PEOPLE)
        self._judge(caller, f"{method} {path}", answer, may_see_people=shows_people)
        if answer.status_code < 300 and not is_in and method != "OPTIONS" and not _is_own(self.shop, caller, one):
            self.wrong.append(f"{caller.name}: {method} {path} answered {answer.status_code}")

    def _operation(self, caller: Caller, operation: Operation, one: str) -> None:
        headers = {"Idempotency-Key": f"{caller.name} {one}"}
        if caller.access_token:
            headers["Authorization"] = f"Bearer {caller.access_token}"
        session = caller.browser.cookies.get("session")
        if session is not None:
            headers["Cookie"] = f"session={session.value}"
        path = operation.path.format(number=one, payment=one, provider=one, slug=one)
        body: dict[str, str] | None = {} if operation.method == "POST" else None
        with self.client.stream(operation.method, path, headers=headers, json=body) as answer:
            is_let_in = answer.status_code < 400
            said = "" if is_let_in and "event-stream" in answer.headers["content-type"] else answer.read().decode()
        self.count["streams" if path.endswith("/events") else "api"] += 1
        if is_let_in and not _is_own(self.shop, caller, one):
            self.wrong.append(f"{caller.name}: {operation.method} {path} answered {answer.status_code}")
        if answer.status_code >= 500 and "OVERLOADED" not in said:
            self.wrong.append(f"{caller.name}: {operation.method} {path} answered {answer.status_code}")
        if found := self.shop.foreign_to(caller).search(said):
            self.wrong.append(f"{caller.name}: {operation.method} {path} tells {found.group()}")

    def _judge(self, caller: Caller, asked: str, answer: Any, *, may_see_people: bool) -> None:
        body = b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else answer.content
        said = body.decode(errors="replace") + str(dict(answer.headers))
        if found := self.shop.foreign_to(caller, may_see_people=may_see_people).search(said):
            self.wrong.append(f"{caller.name}: {asked} tells {found.group()}")
        if answer.status_code >= 500:
            self.wrong.append(f"{caller.name}: {asked} answered {answer.status_code}")


def _is_own(shop: Town, caller: Caller, one: str) -> bool:
    """Whether this is the order whose token he holds, however it is written."""
    return one.replace("-", "") in shop.orders_of[caller.name] if caller.name in shop.orders_of else False


def guarded() -> dict[str, list[tuple[Any, ...]]]:
    from tests import tables

    have = {table for (table,) in db.fetch("select relname::text from pg_class where relkind = 'r'")}
    return {table: tables.rows(table) for table in GUARDED if table in have}


def _try(shop: Town, shared_site: Site, tries: list[Attempt]) -> Tried:
    before = guarded()
    with shared_site.client() as client:
        tried = Tried(shop, client)
        tried.all(tries)

    assert not tried.wrong, "\n".join(tried.wrong[:20])
    assert guarded() == before
    print(f"{sum(tried.count.values())} attempts: {dict(tried.count)}, 0 leaks")
    return tried


class TestIds:
    def test_open_nothing_to_whom_it_does_not_belong(self, shop: Town, shared_site: Site, seed: int) -> None:
        ids = object_ids()
        assert shop.order.number in ids
        every = list(attempts(ids))

        tried = _try(shop, shared_site, random.Random(seed).sample(every, ATTEMPTS))

        assert sum(tried.count.values()) > ATTEMPTS * 0.7
        assert set(tried.count) == {"pages", "api", "streams"}

    @pytest.mark.drill
    def test_all_of_them_open_nothing(self, shop: Town, shared_site: Site, seed: int) -> None:
        every = list(attempts(object_ids()))
        random.Random(seed).shuffle(every)

        tried = _try(shop, shared_site, every[:20_000])

        assert sum(tried.count.values()) >= 10_000


class TestFiles:
    def test_beside_the_shops_own_are_not_given(self, shop: Town, shared_site: Site) -> None:
        names = ("secret.key", "trail-anchor.json", "postgres/postgresql.conf", "backups/key.txt", "spool.jsonl")
        with shared_site.client() as client:
            for climb in ("", "../", "../../", "%2e%2e/", "..%2f", "....//", "%252e%252e/", "/"):
                for name in names:
                    for root in ("/static/", "/en/static/", "/"):
                        answer = client.get(f"{root}{climb}{name}")
                        assert answer.status_code >= 300, answer.url
                        assert shop.foreign_to(shop.callers[NOBODY]).search(answer.text) is None


class TestIdsOfAda:
    def test_are_among_those_that_are_tried(self, shop: Town) -> None:
        ids = object_ids()
        clerk = shop.callers[ADA].clerk
        assert clerk is not None

        assert {shop.order.number, shop.payment, str(clerk.account_id), str(clerk.session.id)} <= set(ids)


class TestExam:
    def test_notices_a_door_that_stands_open(
        self, shop: Town, shared_site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("evertill.entry.shop.opening.belongs_to", lambda **_: True)
        (page,) = (page for page in pages() if page.address == "/orders/<str:number>")

        with shared_site.client() as client:
            tried = Tried(shop, client)
            tried.all([(BEN, page, "GET", shop.order.number)])

        # The database still shows Ben nothing of Ada's, so the open door leads nowhere.
        assert tried.wrong == []
        monkeypatch.setattr("evertill.kernel.scopes.fetch", db.fetch)
        monkeypatch.setattr("evertill.entry.shop.order_views.own_rows", _everything)
        with shared_site.client() as client:
            tried = Tried(shop, client)
            tried.all([(BEN, page, "GET", shop.order.number)])
        assert len(tried.wrong) == 2


def _everything(*_: object) -> AbstractContextManager[None]:
    return nullcontext()
