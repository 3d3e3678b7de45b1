"""The authorisation matrix, executed: every address × method × everybody who could ask, in a shop full of others' data.

What has to come of each cell follows from what the code declares: audiences and permissions of pages, scopes of the
API. What is not so simple is spelled out here, by name.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import httpx
import pytest

from evertill.domains.access import Permission, Scope
from evertill.entry.pages.audience import Audience
from tests.access.declared import METHODS, Operation, Page, operations, pages
from tests.access.town import ADA, CALLERS, GUS, Caller, Town
from tests.contracts.truth import Document
from tests.contracts.web import Site
from tests.desk.clerks import OWN

# Pages of the desk show people to whoever has one of these; to anybody else of the staff, nobody.
SHOWS_PEOPLE = frozenset(
    {Permission.ORDERS_READ, Permission.CUSTOMERS_READ, Permission.ACCESS_READ, Permission.PAYMENTS_READ}
)


def value_in(town: Town, kind: str, name: str) -> str:
    """What stands in an address: Ada's, as far as there is such a thing of hers."""
    if name == "payment":
        return town.payment
    if kind == "int":
        clerk = town.callers[ADA].clerk
        assert clerk is not None
        return str(clerk.account_id)
    return {"slug": "tea", "code": "en"}.get(name, town.order.number)


def expected(page: Page, method: str, caller: Caller) -> str:
    """What has to come of it: REFUSED, UNKNOWN, SIGN IN, NOT SO, or IN."""
    if method not in page.methods:
        return "NOT SO"
    if page.audience in (Audience.ORDER, Audience.CLAIM):
        # Nobody here holds the token of a claim.
        return "IN" if caller.name == ADA and page.audience is Audience.ORDER else "UNKNOWN"
    if page.audience is Audience.ANYBODY:
        return "IN"
    if not caller.is_signed_in:
        return "SIGN IN"
    if page.audience is Audience.ACCOUNT:
        return "IN"
    return "IN" if caller.is_staff and page.permission in caller.permissions else "REFUSED"


def outcome(page: Page, answer: Any) -> str:
    """What came of it, in the same words."""
    status = answer.status_code
    if status == 405:
        return "NOT SO"
    if status == 403:
        return "REFUSED"
    if status in (302, 303) and "/account/sign-in" in answer.headers["Location"]:
        return "SIGN IN"
    if status == 404 and page.audience in (Audience.ORDER, Audience.CLAIM):
        return "UNKNOWN"
    return "IN" if status < 500 else str(status)


def is_as_expected(page: Page, method: str, wanted: str, came: str) -> bool:
    if came == wanted:
        return True
    # Pages of signing in are for everybody, and lead to its beginning whoever has not begun or proved nothing.
    if wanted == "IN" and page.address.startswith("/account/") and page.audience is not Audience.STAFF:
        return came == "SIGN IN" or (came == "REFUSED" and "passkey" in page.address)
    # Whoever may open a page may still be refused what he sends there: what is done asks for its own permission.
    return wanted == "IN" and page.audience is Audience.STAFF and method == "POST" and came == "REFUSED"


class TestPages:
    @pytest.mark.parametrize("name", [ADA, *CALLERS])
    def test_let_in_whom_they_declare_and_show_nobody_what_is_not_his(self, shop: Town, name: str) -> None:
        caller = shop.callers[name]
        wrong, seen = [], Counter[str]()

        for page in pages():
            path = page.filled(lambda kind, place: value_in(shop, kind, place))
            if caller.access_token and page.audience is Audience.ORDER:
                path += f"?access_token={caller.access_token}"
            shows_people = page.audience is Audience.STAFF and bool(caller.permissions & SHOWS_PEOPLE)
            foreign = shop.foreign_to(caller, may_see_people=shows_people)
            for method in METHODS:
                answer: Any = caller.browser.generic(method, path, headers=OWN)
                wanted, came = expected(page, method, caller), outcome(page, answer)
                seen[wanted] += 1
                if not is_as_expected(page, method, wanted, came):
                    wrong.append(f"{method} {page.address}: {came} instead of {wanted}")
                if found := foreign.search(_whole(answer)):
                    wrong.append(f"{method} {page.address}: shows {found.group()}")
                if method == "POST" and page.audience is not Audience.STAFF and caller.is_signed_in:
                    caller.come_back()

        assert not wrong, "\n".join(wrong)
        assert sum(seen.values()) == len(pages()) * len(METHODS)

    def test_show_ada_what_is_hers(self, shop: Town) -> None:
        """What is looked for would be found: the marks do stand on pages."""
        ada = shop.callers[ADA]
        ada.come_back()
        shown = "".join(
            _whole(ada.browser.get(f"/en{path}"))
            for path in ("/account/", "/account/orders", "/account/addresses", f"/orders/{shop.order.number}")
        )

        for mark in ("ada.m4rk0@private.example", "Ada Markhold", "Engagement ring q7Xw"):
            assert mark in shown

    def test_show_a_guest_the_order_whose_token_he_holds(self, shop: Town) -> None:
        gus = shop.callers[GUS]
        answer: Any = gus.browser.get(f"/en/orders/{shop.guests_order.number}?access_token={gus.access_token}")

        assert answer.status_code == 200
        assert shop.foreign_to(gus).search(_whole(answer)) is None


def _whole(answer: Any) -> str:
    """Everything that an answer says, in its head and its body."""
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    body = b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else answer.content
    return head + "\n" + body.decode(errors="replace")


class TestApi:
    @pytest.mark.parametrize("name", [ADA, *CALLERS, *Scope])
    def test_lets_in_whom_it_declares_and_tells_nobody_what_is_not_his(
        self, shop: Town, shared_site: Site, name: str
    ) -> None:
        wrong, count = [], 0
        with shared_site.client() as client:
            for path in sorted({operation.path for operation in operations()}):
                for method in METHODS:
                    wanted = _expected_of(method, path, shop, name)
                    status, said = _asked(client, shop, name, method, path)
                    count += 1
                    came = _came(status, said)
                    if came != wanted and (came, wanted) != ("NO PROVIDER", "IN"):
                        wrong.append(f"{method} {path}: {status} instead of {wanted}")
                    foreign = _foreign(shop, name, wanted)
                    if found := foreign.search(said):
                        wrong.append(f"{method} {path}: tells {found.group()}")

        assert not wrong, "\n".join(wrong)
        assert count == len({operation.path for operation in operations()}) * len(METHODS)

    def test_says_in_its_document_how_each_operation_is_opened(self, document: Document) -> None:
        for operation in operations():
            told = document.told["paths"][operation.path][operation.method.lower()]
            schemes = {scheme for way in told.get("security", []) for scheme in way}
            if operation.opens_by_order or operation.opens_by_claim:
                assert schemes == {"token", "accessToken"}, operation
            elif operation.scope:
                assert schemes == {"token"}, operation
            elif operation.is_for_providers:
                assert schemes == set(), operation


def _expected_of(method: str, path: str, town: Town, name: str) -> str:
    found = [one for one in operations() if one.path == path and one.method == ("GET" if method == "HEAD" else method)]
    if method == "OPTIONS":
        return "IN"
    if not found:
        return "NOT SO"
    (operation,) = found
    if operation.is_for_anybody:
        # Whoever shows a token with an order says that he is a program, and an order's token is none.
        shows_token = name in town.callers and bool(town.callers[name].access_token)
        return "SIGN IN" if shows_token and (method, path) == ("POST", "/api/v1/orders") else "IN"
    if operation.is_for_providers:
        return "NO PROVIDER"
    if name in town.api_tokens:
        # No claim has the number that is asked for, and a program opens none.
        return "UNKNOWN" if operation.opens_by_claim else "IN" if name == operation.scope else "REFUSED"
    return _of_people(operation, town.callers[name])


def _of_people(operation: Operation, caller: Caller) -> str:
    if not caller.access_token:
        return "SIGN IN"
    if operation.opens_by_claim:
        return "UNKNOWN"
    if not operation.opens_by_order:
        # An order's token is no program's.
        return "REFUSED"
    return "IN" if caller.name == ADA else "UNKNOWN"


def _came(status: int, said: str) -> str:
    # The running site has no such provider, which only who was let in finds out.
    if "UNKNOWN_PROVIDER" in said:
        return "NO PROVIDER"
    words = {401: "SIGN IN", 403: "REFUSED", 404: "UNKNOWN", 405: "NOT SO"}
    return words.get(status, "IN" if status < 500 else str(status))


def _foreign(town: Town, name: str, wanted: str) -> re.Pattern[str]:
    if name in town.api_tokens:
        everybody = Caller(name="a program")
        return town.foreign_to(everybody, may_see_people=wanted == "IN")
    return town.foreign_to(town.callers[name])


_BODIES: dict[str, Any] = {
    "/api/v1/orders": {
        "currency": "GBP",
        "lines": [{"sku": "TEA", "quantity": 1}],
        "contact": {"email": "x@example.com"},
    },
    "/api/v1/orders/{number}/payments": {"method": "twin.page"},
    "/api/v1/orders/{number}/refunds": {"amount": 1, "reason": "broken"},
}


def _asked(client: httpx.Client, town: Town, name: str, method: str, path: str) -> tuple[int, str]:
    """The status, and everything that was said; of a stream that goes on, its beginning."""
    headers = {"Idempotency-Key": f"{name} {method} {path}"}
    cookies = {}
    if name in town.api_tokens:
        headers["Authorization"] = f"Bearer {town.api_tokens[name]}"
    else:
        caller = town.callers[name]
        if caller.access_token:
            headers["Authorization"] = f"Bearer {caller.access_token}"
        if caller.is_signed_in:
            cookies["session"] = caller.browser.cookies["session"].value
    address = path.format(number=town.order.number, payment=town.payment, slug="tea", provider="twin")
    body = _BODIES.get(path, {}) if method in ("POST", "PUT", "PATCH") else None
    client.cookies = cookies
    with client.stream(method, address, headers=headers, json=body) as answer:
        said = "".join(f"{key}: {value}\n" for key, value in answer.headers.items())
        for part in answer.iter_text():
            said += part
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                break
        return answer.status_code, said
