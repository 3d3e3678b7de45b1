"""The checkout: whom it takes, whose the order is, and what becomes of it when the shop or the line fails."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import psycopg
import pytest
from django.core import signing
from django.utils import translation

from evertill.domains import accounts, identity, orders, submissions
from evertill.domains.accounts import AddressKind
from evertill.entry.shop import consent
from evertill.journeys import sign_up
from evertill.journeys.begin_session import Visit
from evertill.journeys.finish_submission import finish_submission, settle_submissions
from evertill.journeys.keep_submission import load_submissions
from evertill.kernel import clock, config, db, ids
from tests import tables
from tests.contracts import web
from tests.contracts.web import written
from tests.contracts.wire import Wire
from tests.journeys.test_submissions import ADA as STAFF
from tests.pages.test_buying import NOTHING, ONE, field, fill, make_tea, place, review, send
from tests.pages.test_shop import CHINESE, ENGLISH, words

ADA = 4711
REFERENCE = re.compile(r"Reference: ([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5})")


@pytest.fixture(autouse=True)
def tea(committed_db: None) -> None:
    make_tea()


@pytest.fixture
def guest(client: httpx.Client) -> httpx.Client:
    """A guest before a shop with ten pieces of tea at £2.50."""
    client.headers.update(ENGLISH)
    return client


@pytest.fixture
def signed_in(guest: httpx.Client) -> httpx.Client:
    """Ada, who has proved an address and a number."""
    visit = Visit(caller="203.0.113.7", device="Firefox", place="", browser="", language="en")
    with db.write():
        signed = sign_up.open_by_passkey(account_id=ADA, display_name="Ada", visit=visit, now=clock.now())
        for kind, address in ((AddressKind.PHONE, "+8613800138000"), (AddressKind.EMAIL, "ada@home.example")):
            accounts.add_address(account_id=ADA, kind=kind, address=address, now=clock.now())
    guest.cookies.set("session", signed.session_secret)
    return guest


def the_order() -> orders.Order:
    """The one order that there is."""
    ((order_id,),) = db.fetch("select id from orders_order")
    return orders.read_orders(order_ids=[order_id])[order_id]


def press(client: httpx.Client, page: httpx.Response, **fields: str) -> httpx.Response:
    return send(client, page, "/checkout", draft=field(page, "draft"), **fields)


def reference(page: httpx.Response) -> int:
    found = REFERENCE.search(words(page))
    assert found, words(page)
    return ids.from_number(found.group(1))


class TestContact:
    @pytest.mark.parametrize(
        ("fields", "kept"),
        [
            ({"email": "ada@example.com"}, ("ada@example.com", "")),
            ({"phone": "138 0013 8000"}, ("", "+8613800138000")),
            ({"phone": "＋８６１３８００１３８０００", "email": ""}, ("", "+8613800138000")),
            ({"email": " ada@example.com ", "phone": "+44 20 7946 0958"}, ("ada@example.com", "+442079460958")),
        ],
    )
    def test_is_an_address_or_a_number(
        self, guest: httpx.Client, fields: dict[str, str], kept: tuple[str, str]
    ) -> None:
        answer = press(guest, review(guest), **fields)

        assert answer.status_code == 303, words(answer)
        assert (the_order().email, the_order().phone) == kept

    @pytest.mark.parametrize(
        ("fields", "told", "wrong"),
        [
            ({}, "We have no way to reach you. Your cart is as it was", ["email", "phone"]),
            ({"email": "nope"}, "This does not look like an email address.", ["email"]),
            ({"email": "ada@example.com", "phone": "12345"}, "This does not look like a telephone number.", ["phone"]),
        ],
    )
    def test_that_nobody_can_be_reached_by_keeps_what_was_typed(
        self, guest: httpx.Client, fields: dict[str, str], told: str, wrong: list[str]
    ) -> None:
        answer = press(guest, review(guest), **fields)

        assert answer.status_code == 422
        assert told in words(answer)
        assert re.findall(r'name="(\w+)"[^>]*aria-invalid', answer.text) == wrong
        for value in fields.values():
            assert f'value="{value}"' in answer.text
        assert written() == NOTHING
        assert press(guest, answer, email="ada@example.com").status_code == 303

    @pytest.mark.parametrize(("headers", "language"), [(ENGLISH, "en"), (CHINESE, "zh-hans")])
    def test_is_told_in_the_language_that_was_read(
        self, guest: httpx.Client, headers: dict[str, str], language: str
    ) -> None:
        guest.headers.update(headers)

        place(guest, review(guest))

        assert the_order().language == language


class TestAccount:
    def test_of_a_guest_is_none(self, guest: httpx.Client) -> None:
        place(guest, review(guest))

        assert the_order().account_id is None

    def test_owns_what_is_ordered_and_has_its_address_put_in(self, signed_in: httpx.Client) -> None:
        page = review(signed_in)
        answer = press(signed_in, page, email="somebody@else.example")

        assert 'name="email" value="ada@home.example"' in page.text
        assert 'name="phone" value=""' in page.text
        assert answer.status_code == 303
        assert (the_order().account_id, the_order().email) == (ADA, "somebody@else.example")

    def test_without_an_address_has_its_number_put_in(self, signed_in: httpx.Client) -> None:
        with db.write():
            accounts.remove_address(account_id=ADA, kind=AddressKind.EMAIL, address="ada@home.example")

        assert 'name="phone" value="+8613800138000"' in review(signed_in).text

    def test_that_was_signed_out_meanwhile_orders_as_a_guest(self, signed_in: httpx.Client) -> None:
        page = review(signed_in)
        with db.write():
            identity.sessions.end_others(account_id=ADA, but=None, why="elsewhere", now=clock.now())

        assert place(signed_in, page).status_code == 303
        assert the_order().account_id is None

    def test_signing_in_between_two_presses_makes_no_second_order(self, guest: httpx.Client) -> None:
        page = review(guest)
        first = place(guest, page)
        visit = Visit(caller="", device="", place="", browser="", language="en")
        with db.write():
            signed = sign_up.open_by_passkey(account_id=ADA, display_name="", visit=visit, now=clock.now())
        guest.cookies.set("session", signed.session_secret)

        again = place(guest, page)

        assert again.headers["location"] == first.headers["location"]
        assert written() == ONE


class TestLostAnswer:
    """The order was placed, and the line broke before the browser was told."""

    @pytest.fixture
    def lost(self, guest: httpx.Client) -> httpx.Response:
        """The review whose answer nobody got: the browser's cookies are those of before."""
        page = review(guest)
        before = copy.deepcopy(list(guest.cookies.jar))
        assert place(guest, page).status_code == 303
        guest.cookies.clear()
        for cookie in before:
            guest.cookies.jar.set_cookie(cookie)
        return page

    def test_is_found_in_the_cart(self, guest: httpx.Client, lost: httpx.Response) -> None:
        cart = guest.get("/cart")
        number = ids.to_number(the_order().id)

        assert f"It is order {number}; nothing was ordered twice. Open your order Your cart is empty." in words(cart)
        link = re.search(r'href="([^"]+access_token[^"]+)">Open your order', cart.text)
        assert link
        assert "Waiting to be paid" in words(guest.get(link.group(1)))
        assert number not in words(guest.get("/cart"))
        assert guest.get("/checkout").headers["location"].endswith("/cart")

    def test_is_found_by_going_to_the_checkout_again(self, guest: httpx.Client, lost: httpx.Response) -> None:
        answer = guest.get("/checkout")

        assert answer.status_code == 303
        assert f"/orders/{ids.to_number(the_order().id)}?" in answer.headers["location"]
        assert "Your cart is empty." in words(guest.get("/cart"))
        assert written() == ONE

    def test_is_found_by_pressing_again_with_something_else(self, guest: httpx.Client, lost: httpx.Response) -> None:
        answer = place(guest, lost, email="eve@example.com")

        assert answer.status_code == 409
        assert "This was sent before, with something else in it." in words(answer)
        link = re.search(r'href="([^"]+)">Open your order', answer.text)
        assert link
        assert f"/orders/{ids.to_number(the_order().id)}?access_token=" in link.group(1)
        assert written() == ONE

    def test_leaves_what_was_put_in_since(self, guest: httpx.Client, lost: httpx.Response) -> None:
        fill(guest, quantity=1)

        assert 'name="quantity-TEA" value="3"' in guest.get("/cart").text

    def test_that_never_was_keeps_the_key(self, guest: httpx.Client) -> None:
        first = review(guest)
        guest.get("/cart")
        fill(guest, quantity=1)
        second = guest.get("/checkout")

        answers = [place(guest, page) for page in (second, first)]

        assert [answer.status_code for answer in answers] == [303, 409]
        assert the_order().total == 750

    def test_after_an_order_the_next_one_is_another(self, guest: httpx.Client) -> None:
        place(guest, review(guest))
        place(guest, review(guest))

        assert tables.count("orders_order") == 2

    @pytest.mark.parametrize("cookie", ["", "nonsense", "a:b:c", "x" * 4_000])
    def test_is_not_looked_for_by_what_the_shop_never_wrote(self, guest: httpx.Client, cookie: str) -> None:
        guest.cookies.set("draft", cookie)

        assert place(guest, review(guest)).status_code == 303


class TestConsent:
    def test_stands_beside_the_button_with_its_days(self, guest: httpx.Client) -> None:
        page = review(guest)

        told = "Should placing the order fail through our fault, you agree that we keep what you entered here for up to"
        assert f"{told} 30 days, so that we can finish" in words(page)
        assert page.text.index("Should placing") < page.text.index("Place the order</button>")

    def test_of_another_wording_has_another_version(self) -> None:
        digests = []
        for language in ("en", "zh-hans"):
            with translation.override(language):
                digests.append(sha256(consent.current().text.encode()).hexdigest()[:16])

        # When this fails, give the new wording a new version, and put all three here.
        assert (consent.VERSION, *digests) == ("2026-11", "3722250b759514b7", "1a3b7b850f7bdd8f")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def wire() -> Wire:
    return Wire(config.get().database_url)


@pytest.fixture(scope="module")
def failing_site(folder: Path, wire: Wire) -> Iterator[web.Site]:
    # One thread, so that the request which meets the cut is on the connection that the next one would use.
    with web.running(wire.url, data=str(folder), lock_timeout_ms="200", page_threads="1") as site:
        yield site


@pytest.fixture
def customer(failing_site: web.Site, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A guest of a shop that will fail; this process looks into the same data folder."""
    mine = dataclasses.replace(config.get(), data=folder)
    monkeypatch.setattr(config, "get", lambda: mine)
    with failing_site.client(headers=ENGLISH) as client:
        yield client


def logged(site: web.Site, number: int) -> list[dict[str, object]]:
    """What the log says under a reference."""
    lines = [json.loads(line) for line in site.log().splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("reference") == ids.to_number(number)]


class TestFailure:
    def test_of_the_database_keeps_cart_key_and_what_was_wanted(
        self, customer: httpx.Client, failing_site: web.Site, wire: Wire
    ) -> None:
        page = review(customer)
        wire.cut()
        try:
            failed = [place(customer, page) for _ in range(2)]
        finally:
            wire.mend()

        assert [answer.status_code for answer in failed] == [503, 503]
        told = words(failed[0])
        assert "The shop is busy or starting again. Nothing was ordered and nothing was paid." in told
        assert "What you entered is kept, and we can finish the order for you by hand." in told
        assert "Tea × 2 £5.00 Total £5.00" in told
        number = reference(failed[0])
        assert reference(failed[1]) == number
        assert [line["code"] for line in logged(failing_site, number)] == ["DATABASE_UNAVAILABLE"] * 2
        assert "ada@example.com" not in failing_site.log()

        assert load_submissions(now=clock.now()) == 2
        kept = submissions.find(submission_id=number)
        assert kept is not None
        assert kept.failed.lines == (submissions.Wanted(sku="TEA", title="Tea", quantity=2, unit_price=250),)
        assert (kept.failed.email, kept.failed.language, kept.failed.total) == ("ada@example.com", "en", 500)
        assert kept.failed.consent_version == "2026-11"
        assert "for up to 30 days" in kept.failed.consent_text
        assert (kept.failed.remove_at - kept.failed.failed_at).days == 30

        # The same form, pressed once more, is the order; and nobody has to finish it any more.
        assert place(customer, failed[1]).status_code == 303
        assert settle_submissions(now=clock.now()) == 1
        assert written() == ONE

    def test_finished_by_hand_is_what_the_customer_finds(self, customer: httpx.Client, wire: Wire) -> None:
        page = review(customer)
        wire.cut()
        try:
            failed = place(customer, page)
        finally:
            wire.mend()
        load_submissions(now=clock.now())
        placed = finish_submission(submission_id=reference(failed), keep_h=24, actor=STAFF, now=clock.now())

        late = place(customer, page)

        assert (late.status_code, f"/orders/{placed.number}?" in late.headers["location"]) == (303, True)
        assert written() == ONE

    def test_by_goods_that_are_held_is_kept_in_the_database(
        self, customer: httpx.Client, failing_site: web.Site
    ) -> None:
        page = review(customer)
        with psycopg.connect(config.get().database_url) as other:
            other.execute("select 1 from stock_item where sku = 'TEA' for update")
            failed = place(customer, page)

        assert failed.status_code == 503
        kept = submissions.find(submission_id=reference(failed))
        assert kept is not None
        assert kept.failed.code == "DATABASE_BUSY"

    def test_that_nobody_foresaw_is_told_whole_in_the_log(self, customer: httpx.Client, failing_site: web.Site) -> None:
        page = review(customer)
        db.execute("alter table orders_line rename column title to title_away")
        try:
            failed = place(customer, page)
        finally:
            db.execute("alter table orders_line rename column title_away to title")

        assert failed.status_code == 500
        assert "Something went wrong here It is our mistake" in words(failed)
        assert "What you entered is kept" in words(failed)
        number = reference(failed)
        assert submissions.find(submission_id=number) is not None
        first, second = logged(failing_site, number)
        assert "UndefinedColumn" in json.dumps(first["exception"])
        assert (second["code"], second["is_kept"]) == ("INTERNAL", True)
        assert place(customer, failed).status_code == 303
        assert written() == ONE

    def test_of_what_nobody_agreed_to_keep_is_not_kept(self, customer: httpx.Client, wire: Wire) -> None:
        page = review(customer)
        drafted = signing.loads(field(page, "draft"), salt="evertill.draft")
        bare = {name: drafted[name] for name in ("key", "lines", "currency", "total")}
        sealed = signing.dumps(bare, salt="evertill.draft", compress=True)
        wire.cut()
        try:
            failed = send(customer, page, "/checkout", draft=sealed, email="ada@example.com")
        finally:
            wire.mend()

        assert failed.status_code == 503
        assert "What you entered is kept" not in words(failed)
        assert reference(failed)
        assert load_submissions(now=clock.now()) == 0
        # A form of the release before is placed all the same, under its own key.
        assert send(customer, page, "/checkout", draft=sealed, email="ada@example.com").status_code == 303
        assert place(customer, page).status_code == 303
        assert written() == ONE

    def test_of_the_disk_too_promises_nothing(
        self, customer: httpx.Client, wire: Wire, folder: Path, failing_site: web.Site
    ) -> None:
        page = review(customer)
        (folder / "submissions.spool").mkdir()
        wire.cut()
        try:
            failed = place(customer, page)
        finally:
            wire.mend()
            (folder / "submissions.spool").rmdir()

        assert failed.status_code == 503
        assert "What you entered is kept" not in words(failed)
        assert "submission lost" in failing_site.log()

    def test_of_any_page_has_a_reference_that_the_log_has(
        self, customer: httpx.Client, failing_site: web.Site, wire: Wire
    ) -> None:
        db.execute("alter table catalog_product rename to catalog_product_away")
        try:
            broken = customer.get("/en-gbp/", params={"q": "x"})
        finally:
            db.execute("alter table catalog_product_away rename to catalog_product")
        wire.cut()
        try:
            away = customer.get("/en-gbp/", params={"q": "y"})
        finally:
            wire.mend()
        missing = customer.get("/nothing")

        assert [page.status_code for page in (broken, away, missing)] == [500, 503, 404]
        (line,) = logged(failing_site, reference(broken))
        assert (line["event"], line["view"], "exception" in line) == ("page failed", "shop:home", True)
        (line,) = logged(failing_site, reference(away))
        assert (line["event"], line["level"]) == ("page unavailable", "warning")
        assert logged(failing_site, reference(missing)) == []
        assert abs(ids.minute_of(reference(missing)).timestamp() - clock.now().timestamp()) < 120
