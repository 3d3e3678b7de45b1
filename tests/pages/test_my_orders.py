"""Orders found again: in the history of who is signed in, by number and proved address, and into the cart once more."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from html import unescape
from itertools import count
from pathlib import Path

import httpx
import pytest

from evertill.domains import accounts, identity, orders
from evertill.domains.accounts import AddressKind
from evertill.domains.catalog.models import Product, ProductText, Variant
from evertill.journeys import sign_up
from evertill.journeys.begin_session import SignedIn, Visit
from evertill.journeys.place_orders import Placed
from evertill.kernel import clock, config, db, ids
from tests import tables
from tests.builders import ask, make_product, place_one
from tests.contracts import web
from tests.pages.test_account import Mail
from tests.pages.test_buying import action, field, fill, make_tea, place, review, send
from tests.pages.test_shop import CHINESE, ENGLISH, words

ADA, BOB = 4711, 4712
VISIT = Visit(caller="203.0.113.7", device="Firefox", place="", browser="", language="en")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def my_site(data: Path) -> Iterator[web.Site]:
    with web.running(config.get().database_url, data=str(data), code_address_hour_max="3") as site:
        yield site


@pytest.fixture
def guest(my_site: web.Site, committed_db: None) -> Iterator[httpx.Client]:
    make_tea(pieces=100)
    before = len(my_site.log())
    with my_site.client(headers=ENGLISH) as client:
        yield client
    said = my_site.log()[before:]
    assert '"level": "error"' not in said, said
    assert "access_token" not in said


@pytest.fixture
def mail(data: Path) -> Mail:
    return Mail(data / "messages" / "messages.jsonl")


def account(account_id: int, *, email: str = "") -> SignedIn:
    with db.write():
        signed = sign_up.open_by_passkey(account_id=account_id, display_name="", visit=VISIT, now=clock.now())
        if email:
            accounts.add_address(account_id=account_id, kind=AddressKind.EMAIL, address=email, now=clock.now())
    return signed


@pytest.fixture
def ada(guest: httpx.Client) -> httpx.Client:
    """Ada's browser."""
    guest.cookies.set("session", account(ADA).session_secret)
    return guest


def sell(sku: str, *, pieces: int = 10) -> None:
    """Goods that have a page."""
    make_product(sku, pieces=pieces)
    product = Product.objects.get(slug=sku.lower())
    ProductText.objects.create(product=product, language="en", title=sku.capitalize())


def order(
    key: str = "1",
    *,
    account_id: int | None = ADA,
    ago_min: int = 0,
    lines: dict[str, int] | None = None,
    **pieces: int,
) -> Placed:
    asked = ask(key, lines=lines or pieces or {"TEA": 1}, account_id=account_id)
    return place_one(asked, now=clock.now() - dt.timedelta(minutes=ago_min))


class TestHistory:
    def test_shows_own_orders_alone_the_latest_first(self, ada: httpx.Client) -> None:
        mine = [order(str(n), ago_min=n) for n in range(3)]
        others = [order("bobs", account_id=BOB), order("guests", account_id=None)]

        page = ada.get("/account/orders")

        found = re.findall(r"<strong>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5})</strong>", page.text)
        assert found == [placed.number for placed in mine]
        assert not any(other.number in page.text for other in others)
        assert "Waiting to be paid Title of TEA × 1" in words(page)
        assert page.headers["cache-control"] == "no-store"
        assert "access_token" not in page.text

    def test_names_some_lines_and_says_how_many_more_there_are(self, ada: httpx.Client) -> None:
        for sku in "ABCDE":
            make_product(sku)
        order(lines=dict.fromkeys("ABCDE", 2))

        assert "Title of A × 2 · Title of B × 2 · Title of C × 2 · and 2 more" in words(ada.get("/account/orders"))

    def test_goes_on_over_pages_to_the_end(self, ada: httpx.Client) -> None:
        placed = [order(str(n), ago_min=n).number for n in range(45)]
        seen: list[str] = []
        address: str | None = "/account/orders"
        while address:
            page = ada.get(address)
            seen += re.findall(r"<strong>([0-9A-Z-]{15})</strong>", page.text)
            further = re.search(r'rel="next" href="([^"]+)"', page.text)
            address = f"/account/orders{unescape(further.group(1))}" if further else None

        assert seen == placed

    @pytest.mark.parametrize("after", ["nonsense", "0E9W-9MHZ-4G9XQ", ""])
    def test_behind_what_is_not_its_own_has_nothing(self, ada: httpx.Client, after: str) -> None:
        order()
        bobs = order("bobs", account_id=BOB)

        assert "There are no earlier orders." in words(ada.get("/account/orders", params={"after": bobs.number}))
        told = words(ada.get("/account/orders", params={"after": after}))
        assert ("There are no earlier orders." in told) is bool(after)

    def test_is_told_in_chinese(self, ada: httpx.Client) -> None:
        order()
        told = words(ada.get("/account/orders", headers=CHINESE))

        assert "我的订单" in told
        assert "等待付款 Title of TEA × 1" in told
        assert "再来一单" in told

    def test_of_nothing_leads_to_the_goods(self, ada: httpx.Client) -> None:
        assert "You have not ordered anything yet." in words(ada.get("/account/orders"))
        assert "您还没有下过订单。" in words(ada.get("/account/orders", headers=CHINESE))

    def test_asks_a_stranger_to_sign_in_and_leads_back(self, guest: httpx.Client) -> None:
        answer = guest.get("/account/orders")

        assert answer.status_code == 303
        assert answer.headers["location"].endswith("/account/sign-in?next=%2Faccount%2Forders")

    def test_is_linked_from_the_account(self, ada: httpx.Client) -> None:
        assert re.search(r'href="[^"]*/account/orders"', ada.get("/account/").text)


class TestWhoOpensAnOrder:
    """The object rule, both ways: its owner and whoever holds its token; nobody else, by any of its addresses."""

    def addresses(self, number: str) -> list[tuple[str, str]]:
        return [
            ("GET", f"/orders/{number}"),
            ("POST", f"/orders/{number}/pay"),
            ("GET", f"/orders/{number}/payments/{number}"),
            ("POST", f"/orders/{number}/cancel"),
            ("GET", f"/orders/{number}/receipt"),
            ("POST", f"/orders/{number}/again"),
        ]

    def test_its_owner_needs_no_token_and_is_given_none(self, ada: httpx.Client) -> None:
        placed = order()

        page = ada.get(f"/orders/{placed.number}")
        cancelled = send(ada, page, action(page, "cancel"))

        assert "Waiting to be paid" in words(page)
        assert page.headers["cache-control"] == "no-store"
        # The stream alone has to have it, which is in no history.
        assert page.text.count("access_token") == page.text.count("/events?access_token") <= 1
        assert not [cookie.name for cookie in ada.cookies.jar if cookie.name == "orders"]
        assert (cancelled.status_code, cancelled.headers["location"]) == (303, str(page.url.path))
        assert "Cancelled" in words(ada.get(cancelled.headers["location"]))

    @pytest.mark.parametrize("whose", [BOB, None], ids=["another's", "a guest's"])
    def test_what_is_not_hers_is_not_there_for_her(self, ada: httpx.Client, whose: int | None) -> None:
        other, mine = order("other", account_id=whose), order("mine")
        page = ada.get(f"/orders/{mine.number}")
        token = field(page, "csrfmiddlewaretoken")

        for method, path in self.addresses(other.number):
            answer = ada.request(
                method, path, data={"csrfmiddlewaretoken": token, "key": "k"} if method == "POST" else None
            )
            assert answer.status_code == 404, (method, path)
        assert orders.read_orders(order_ids=[other.order.id])[other.order.id].state is orders.State.PLACED
        # By its token it is, as for everybody.
        assert ada.get(f"/orders/{other.number}?access_token={other.access_token}").status_code == 200

    def test_a_guest_opens_nothing_without_a_token(self, guest: httpx.Client) -> None:
        placed = order()

        for method, path in self.addresses(placed.number):
            if method == "GET":
                assert guest.get(path).status_code == 404, path
        assert guest.get(f"/orders/{placed.number}?access_token={placed.access_token}").status_code == 200

    def test_an_unknown_number_and_another_s_are_answered_alike(self, ada: httpx.Client) -> None:
        bobs = order("bobs", account_id=BOB)
        unknown = ids.to_number(bobs.order.id ^ 1)

        known, none = (ada.get(f"/orders/{number}") for number in (bobs.number, unknown))

        assert known.status_code == none.status_code == 404
        assert re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}", "", known.text) == re.sub(
            r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}", "", none.text
        )

    def test_ends_with_the_session(self, ada: httpx.Client) -> None:
        placed = order()
        assert ada.get(f"/orders/{placed.number}").status_code == 200

        with db.write():
            identity.sessions.end_others(account_id=ADA, but=None, why="elsewhere", now=clock.now())

        assert ada.get(f"/orders/{placed.number}").status_code == 404

    def test_who_orders_signed_in_is_led_there_without_a_token(self, ada: httpx.Client) -> None:
        answer = place(ada, review(ada))

        assert answer.status_code == 303
        assert re.fullmatch(r"(/en-gbp)?/orders/[0-9A-Z-]{15}", answer.headers["location"])
        assert "Waiting to be paid" in words(ada.get(answer.headers["location"]))


class TestFinding:
    def begin(self, client: httpx.Client, number: str, contact: str = "ada@example.com") -> httpx.Response:
        return send(client, client.get("/orders/find"), "/orders/find", number=number, contact=contact)

    def finish(self, client: httpx.Client, page: httpx.Response, code: str) -> httpx.Response:
        return send(client, page, "/orders/find", errand=field(page, "errand"), code=code)

    def test_leads_to_the_order_by_a_code_that_is_sent_to_its_address(self, guest: httpx.Client, mail: Mail) -> None:
        placed = order(account_id=None)

        page = self.begin(guest, placed.number.lower().replace("-", " "), "ADA@Example.com")
        opened = self.finish(guest, page, mail.code("ada@example.com"))

        assert page.status_code == 200
        assert (
            f"We have sent a code to ada@example.com. It counts for a few minutes, for the order {placed.number}."
            in (words(page))
        )
        assert placed.access_token not in page.text
        assert opened.status_code == 303
        assert opened.headers["location"].endswith(f"/orders/{placed.number}?access_token={placed.access_token}")
        assert "Waiting to be paid" in words(guest.get(opened.headers["location"]))

    def test_by_a_number_works_as_by_an_address(self, guest: httpx.Client, mail: Mail) -> None:
        placed = place_one(ask(email="", phone="+8613800138000"), now=clock.now())

        page = self.begin(guest, placed.number, "138 0013 8000")
        opened = self.finish(guest, page, mail.code("+8613800138000"))

        assert opened.status_code == 303, words(opened)

    def test_says_until_the_code_nothing_of_what_there_is(self, guest: httpx.Client, mail: Mail) -> None:
        placed = order(account_id=None)
        unknown = ids.to_number(placed.order.id ^ 1)
        before = mail.count()

        pages = [
            self.begin(guest, number, contact)
            for number, contact in (
                (placed.number, "ada@example.com"),
                (placed.number, "eve@example.com"),
                (unknown, "bob@example.com"),
            )
        ]

        assert mail.count() == before + 3
        bare = {
            re.sub(r'value="[^"]+"', "", page.text)
            .replace(placed.number, "N")
            .replace(unknown, "N")
            .replace("eve@", "ada@")
            .replace("bob@", "ada@")
            for page in pages
        }
        assert len({re.sub(r'nonce="[^"]+"', "", text) for text in bare}) == 1

    def test_answers_a_wrong_pair_as_an_unknown_number(self, guest: httpx.Client, mail: Mail) -> None:
        placed = order(account_id=None)
        unknown = ids.to_number(placed.order.id ^ 1)
        answers = []
        for number in (placed.number, unknown):
            page = self.begin(guest, number, "eve@example.com")
            answers.append(self.finish(guest, page, mail.code("eve@example.com")))

        assert [answer.status_code for answer in answers] == [422, 422]
        assert all("There is no order of this number with this address." in words(answer) for answer in answers)
        assert placed.access_token not in answers[0].text

    def test_of_an_account_is_left_to_signing_in(self, guest: httpx.Client, mail: Mail) -> None:
        account(ADA)
        placed = order()

        answer = self.finish(guest, self.begin(guest, placed.number), mail.code("ada@example.com"))

        assert answer.status_code == 422
        assert "This order belongs to an account. Sign in, and you find it among your orders." in words(answer)
        assert re.search(r'href="[^"]*/account/sign-in\?next=/account/orders">Sign in', answer.text)
        assert placed.access_token not in answer.text

    def test_takes_a_code_once_and_for_its_own_number(self, guest: httpx.Client, mail: Mail) -> None:
        one, two = order("1", account_id=None), order("2", account_id=None)
        first = self.begin(guest, one.number)
        code = mail.code("ada@example.com")
        second = self.begin(guest, two.number)

        assert self.finish(guest, second, code).status_code == 422
        assert self.finish(guest, first, code).status_code == 303
        again = self.finish(guest, first, code)
        assert (again.status_code, "This code is not right, or not any more." in words(again)) == (422, True)

    def test_ends_guessing_after_five_tries(self, guest: httpx.Client, mail: Mail) -> None:
        placed = order(account_id=None)
        page = self.begin(guest, placed.number)
        code = mail.code("ada@example.com")
        wrong = "000000" if code != "000000" else "111111"

        tries = [self.finish(guest, page, wrong).status_code for _ in range(5)]

        assert tries == [422] * 5
        assert self.finish(guest, page, code).status_code == 422

    def test_is_limited_by_address(self, guest: httpx.Client, mail: Mail) -> None:
        placed = order(account_id=None)

        # They are counted by the hour of the clock, so all four have to come in one.
        for number in count():
            hour = clock.now().hour
            answers = [self.begin(guest, placed.number, f"many{number}@example.com") for _ in range(4)]
            if clock.now().hour == hour:
                break

        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert "Many codes were sent already." in words(answers[3])

    @pytest.mark.parametrize(
        ("number", "contact", "told"),
        [
            ("", "ada@example.com", "This is not an order number."),
            ("0E9W-9MHZ-4G9XX", "ada@example.com", "This is not an order number. Check it: it has 13 letters"),
            ("0E9W-9MHZ-4G9XQ", "nope", "This is neither an email address nor a mobile number."),
            ("0E9W-9MHZ-4G9XQ", "", "This is neither an email address nor a mobile number."),
        ],
    )
    def test_of_what_cannot_be_is_told_at_once(
        self, guest: httpx.Client, mail: Mail, number: str, contact: str, told: str
    ) -> None:
        before = mail.count()

        answer = self.begin(guest, number, contact)

        assert answer.status_code == 422
        assert told in words(answer)
        assert f'value="{number}"' in answer.text
        assert mail.count() == before

    @pytest.mark.parametrize("errand", ["nonsense", "a:b:c"])
    def test_of_an_errand_that_the_shop_never_gave_begins_anew(self, guest: httpx.Client, errand: str) -> None:
        answer = send(guest, guest.get("/orders/find"), "/orders/find", errand=errand, code="123456")

        assert "Find your order" in words(answer)
        assert answer.status_code == 200

    def test_is_linked_from_every_page_and_told_in_chinese(self, guest: httpx.Client) -> None:
        assert re.search(r'href="[^"]*/orders/find">Find your order', guest.get("/cart").text)
        assert "查找订单" in words(guest.get("/orders/find", headers=CHINESE))


class TestOrderingAgain:
    def press(self, client: httpx.Client, placed: Placed) -> httpx.Response:
        query = "" if placed.order.account_id else f"?access_token={placed.access_token}"
        page = client.get(f"/orders/{placed.number}{query}")
        return send(client, page, unescape(action(page, "again")))

    def test_fills_the_cart_and_leads_there(self, ada: httpx.Client) -> None:
        sell("CUP")
        placed = order(TEA=3, CUP=2)

        answers = [self.press(ada, placed) for _ in range(2)]
        cart = ada.get("/cart")

        assert [answer.status_code for answer in answers] == [303, 303]
        # However often it is pressed.
        assert re.findall(r'name="quantity-(\w+)" value="(\d+)"', cart.text) == [("TEA", "3"), ("CUP", "2")]
        assert tables.count("orders_order") == 1

    def test_works_for_a_guest_and_from_the_history(self, guest: httpx.Client) -> None:
        guests = order("guests", account_id=None, TEA=2)
        assert self.press(guest, guests).status_code == 303
        assert 'name="quantity-TEA" value="2"' in guest.get("/cart").text

        guest.cookies.set("session", account(ADA).session_secret)
        order("mine", TEA=5)
        history = guest.get("/account/orders")
        assert send(guest, history, action(history, "again")).status_code == 303
        assert 'name="quantity-TEA" value="5"' in guest.get("/cart").text

    def test_says_what_cannot_be_had_and_takes_the_rest(self, ada: httpx.Client) -> None:
        sell("FEW", pieces=3)
        sell("OLD")
        sell("GONE", pieces=1)
        placed = order(TEA=1, FEW=2, OLD=1)
        gone = order("gone", GONE=1)
        Variant.objects.filter(sku="OLD").update(is_active=False)

        answer = self.press(ada, placed)

        told = words(answer)
        assert answer.status_code == 200
        assert "Not everything could be put into your cart again." in told
        assert "Few: you had 2, there are 1 left; your cart has these." in told
        assert "Title of OLD cannot be had at the moment." in told
        assert re.findall(r'name="quantity-(\w+)" value="(\d+)"', answer.text) == [("TEA", "1"), ("FEW", "1")]
        assert "Gone cannot be had at the moment." in words(self.press(ada, gone))

    def test_keeps_what_is_in_the_cart(self, ada: httpx.Client) -> None:
        placed = order(TEA=2)
        fill(ada, quantity=7)

        self.press(ada, placed)

        assert 'name="quantity-TEA" value="7"' in ada.get("/cart").text

    def test_puts_in_what_there_is_room_for(self, ada: httpx.Client) -> None:
        many = [f"S{n:02}" for n in range(25)]
        for sku in many:
            sell(sku)

        answer = self.press(ada, order(lines=dict.fromkeys(many, 1)))

        assert answer.status_code == 200
        assert len(re.findall(r'name="quantity-(\w+)"', answer.text)) == 20
        assert "S20: there is no more room in the cart." in words(answer)

    def test_of_goods_that_are_gone_for_good_is_told(self, ada: httpx.Client) -> None:
        placed = order()
        Product.objects.update(status="DRAFT")

        assert "Title of TEA cannot be had at the moment." in words(self.press(ada, placed))
