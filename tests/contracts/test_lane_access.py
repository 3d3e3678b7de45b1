"""Who may name a price, read an order and cancel it; and what those who may not are told."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from evertill.domains import trail
from evertill.journeys.expire_reservations import expire_reservations
from evertill.journeys.manage_tokens import revoke_token
from evertill.kernel import clock
from tests.askers import MACHINE
from tests.builders import balance, make_product
from tests.contracts import web
from tests.contracts.tokens import issue
from tests.contracts.web import ORDERS, order, orders_written, problem, refusal
from tests.kernel.waiting import until

# A number of the right form, with the right check character, that no order has.
UNKNOWN = "0000-0000-00000"
PRICED = [{"sku": "TEA", "quantity": 2, "unit_price": 199}]


@pytest.fixture
def placed(client: httpx.Client) -> dict[str, Any]:
    """An order of two of ten."""
    make_product("TEA", pieces=10)
    told: dict[str, Any] = order(client).json()
    # Told once, with the answer to whoever placed it.
    del told["receipt"]
    return told


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class TestNamingAPrice:
    def test_is_refused_to_guests(self, client: httpx.Client) -> None:
        make_product("TEA")

        answer = order(client, lines=PRICED)

        assert refusal(answer) == (403, "SCOPE_MISSING")
        assert orders_written() == 0

    def test_is_refused_to_a_token_without_the_scope(self, client: httpx.Client) -> None:
        make_product("TEA")

        answer = order(client, token=issue("till", "orders:read"), lines=PRICED)

        assert refusal(answer) == (403, "SCOPE_MISSING")
        assert orders_written() == 0

    @pytest.mark.parametrize("unit_price", [0, 199, 10**9])
    def test_is_taken_from_a_token_with_the_scope(self, client: httpx.Client, unit_price: int) -> None:
        make_product("TEA", prices={"EUR": 1})

        answer = order(
            client,
            token=issue("till", "orders:price"),
            lines=[{"sku": "TEA", "quantity": 2, "unit_price": unit_price}],
        )

        assert answer.status_code == 201, answer.text
        assert answer.json()["total"] == {"amount": 2 * unit_price, "currency": "GBP"}

    @pytest.mark.parametrize("unit_price", [-1, 10**15 + 1, 2**63, 2**64, -(10**30), 10**30])
    def test_is_refused_beyond_the_ledger(self, client: httpx.Client, unit_price: int) -> None:
        make_product("TEA")

        answer = order(
            client,
            token=issue("till", "orders:price"),
            lines=[{"sku": "TEA", "quantity": 1, "unit_price": unit_price}],
        )

        assert refusal(answer) == (422, "AMOUNT_OUT_OF_RANGE")
        assert orders_written() == 0


class TestTokens:
    @pytest.mark.parametrize(
        "header",
        ["Bearer", "Basic YTpi", "evt_x", "Bearer evt_" + "A" * 43, "Bearer x y", "Bearer " + "x" * 5_000],
    )
    def test_that_are_not_known_are_refused(self, client: httpx.Client, header: str) -> None:
        make_product("TEA")

        answer = client.post(ORDERS, json=web.body(), headers={"Idempotency-Key": "key-1", "Authorization": header})

        assert refusal(answer) == (401, "UNAUTHENTICATED")
        assert answer.headers["www-authenticate"] == 'Bearer realm="evertill"'
        assert orders_written() == 0

    @pytest.mark.parametrize("header", [b"Bearer \xff", b"Bearer schl\xc3\xbcssel", b"\xff\xfe"])
    def test_that_are_no_ascii_are_refused(self, client: httpx.Client, header: bytes) -> None:
        answers = [
            client.post(ORDERS, json=web.body(), headers={b"Idempotency-Key": b"key-1", b"Authorization": header}),
            client.get(f"{ORDERS}/{UNKNOWN}", headers={b"Authorization": header}),
        ]

        assert [refusal(answer) for answer in answers] == [(401, "UNAUTHENTICATED")] * 2

    def test_that_are_revoked_are_refused_within_the_cache_time(self, client: httpx.Client) -> None:
        make_product("TEA")
        secret = issue("till")
        assert order(client, token=secret).status_code == 201
        revoke_token(asker=MACHINE, name="till", now=clock.now())

        # token_cache_s is 1 on this site, and the slowest of machines needs some time to ask.
        until(lambda: order(client, token=secret).status_code != 201)

        assert refusal(order(client, token=secret)) == (401, "UNAUTHENTICATED")


class TestReading:
    def test_is_open_to_the_orders_own_token(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        at = f"{ORDERS}/{placed['number']}"
        token = placed.pop("access_token")

        by_header = client.get(at, headers=bearer(token))
        by_address = client.get(at, params={"access_token": token})

        assert by_header.status_code == by_address.status_code == 200
        assert by_header.json() == by_address.json() == placed
        assert by_header.headers["cache-control"] == "no-store"

    def test_forgives_how_people_write_a_number(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        written = placed["number"].lower().replace("-", "").replace("0", "o")

        answer = client.get(f"{ORDERS}/{written}", headers=bearer(placed["access_token"]))

        assert answer.json()["number"] == placed["number"]

    def test_is_open_to_a_program_with_the_scope(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        answer = client.get(f"{ORDERS}/{placed['number']}", headers=bearer(issue("till", "orders:read")))

        assert answer.status_code == 200

    def test_is_closed_to_a_program_without_it(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        answer = client.get(f"{ORDERS}/{placed['number']}", headers=bearer(issue("till", "orders:price")))

        assert refusal(answer) == (403, "SCOPE_MISSING")

    def test_by_a_program_that_may_not_is_on_record_once(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        secret = issue("lantern", "orders:price")
        for _ in range(3):
            client.get(f"{ORDERS}/{placed['number']}", headers=bearer(secret))
        order(client, token=issue("lamp", "orders:read"), lines=PRICED)

        found = trail.read_records(search=trail.Search(outcome="REFUSED"), limit=10)
        # Each of two web workers may say it once.
        assert {(one.actor_kind, one.operation, one.subject_id) for one in found} == {
            ("TOKEN", "orders.read", "lantern"),
            ("TOKEN", "orders.price", "lamp"),
        }
        assert len(found) <= 3

    def test_takes_no_api_token_from_an_address(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        secret = issue("till", "orders:read")

        answer = client.get(f"{ORDERS}/{placed['number']}", params={"access_token": secret})

        assert refusal(answer) == (401, "UNAUTHENTICATED")
        assert secret not in answer.text

    def test_needs_a_token(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        assert refusal(client.get(f"{ORDERS}/{placed['number']}")) == (401, "UNAUTHENTICATED")

    @pytest.mark.parametrize("token", ["x", "A" * 22, "A" * 4_000, "é", "%00", "%FF", "%ED%A0%80", "😀"])
    def test_says_the_same_of_a_wrong_token_and_of_an_unknown_order(
        self, client: httpx.Client, placed: dict[str, Any], token: str
    ) -> None:
        known = client.get(f"{ORDERS}/{placed['number']}?access_token={token}")
        unknown = client.get(f"{ORDERS}/{UNKNOWN}?access_token={token}")

        assert refusal(known) == (404, "ORDER_NOT_FOUND")
        assert known.content == unknown.content

    def test_does_not_open_one_order_with_the_token_of_another(
        self, client: httpx.Client, placed: dict[str, Any]
    ) -> None:
        other = order(client, key="key-2").json()

        answer = client.get(f"{ORDERS}/{placed['number']}", headers=bearer(other["access_token"]))

        assert refusal(answer) == (404, "ORDER_NOT_FOUND")

    @pytest.mark.parametrize(
        "number",
        ["1", "0000-0000-00001", "%00", "a%2Fb", "..%2F..%2Fetc", "%FF", "%ED%A0%80", "0" * 2_000, "ß" * 13, "①" * 13],
    )
    def test_knows_no_order_by_an_odd_number(self, client: httpx.Client, number: str) -> None:
        for answer in (
            client.get(f"{ORDERS}/{number}", headers=bearer("A" * 22)),
            client.post(f"{ORDERS}/{number}/cancel", headers=bearer("A" * 22)),
        ):
            status, code = refusal(answer)
            assert (status, code) in {(404, "ORDER_NOT_FOUND"), (404, "NOT_FOUND")}


class TestCancelling:
    def test_gives_the_goods_back(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        assert balance("TEA") == (10, 2)

        answer = client.post(f"{ORDERS}/{placed['number']}/cancel", headers=bearer(placed["access_token"]))

        assert answer.status_code == 200, answer.text
        del placed["access_token"]
        assert answer.json() == {**placed, "state": "CANCELLED"}
        assert balance("TEA") == (10, 0)

    def test_is_done_once(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        at = f"{ORDERS}/{placed['number']}/cancel"
        client.post(at, params={"access_token": placed["access_token"]})

        again = client.post(at, params={"access_token": placed["access_token"]})

        assert refusal(again) == (409, "ALREADY_CANCELLED")
        assert balance("TEA") == (10, 0)

    def test_is_done_once_when_asked_for_at_once(self, site: web.Site, placed: dict[str, Any]) -> None:
        def cancel(_: int) -> int:
            with site.client(headers=bearer(placed["access_token"])) as client:
                return client.post(f"{ORDERS}/{placed['number']}/cancel").status_code

        with ThreadPoolExecutor(8) as pool:
            statuses = sorted(pool.map(cancel, range(8)))

        assert statuses == [200] + [409] * 7
        assert balance("TEA") == (10, 0)

    def test_is_too_late_for_an_expired_order(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        expire_reservations(now=clock.now() + dt.timedelta(hours=1))

        answer = client.post(f"{ORDERS}/{placed['number']}/cancel", headers=bearer(placed["access_token"]))

        assert refusal(answer) == (409, "CANNOT_CANCEL")
        assert problem(answer)["state"] == "EXPIRED"
        assert balance("TEA") == (10, 0)

    def test_writes_down_who_it_was(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        from evertill.domains.orders.models import OrderEvent

        other = order(client, key="key-2").json()
        client.post(f"{ORDERS}/{placed['number']}/cancel", headers=bearer(placed["access_token"]))
        client.post(f"{ORDERS}/{other['number']}/cancel", headers=bearer(issue("till", "orders:cancel")))

        actors = OrderEvent.objects.filter(kind="order.cancelled").order_by("happened_at").values_list("actor")
        assert list(actors) == [("customer",), ("token:1",)]

    def test_needs_the_scope_to_cancel(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        answer = client.post(f"{ORDERS}/{placed['number']}/cancel", headers=bearer(issue("till", "orders:read")))

        assert refusal(answer) == (403, "SCOPE_MISSING")
        assert balance("TEA") == (10, 2)

    def test_takes_no_wrong_token(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        answer = client.post(f"{ORDERS}/{placed['number']}/cancel", headers=bearer("A" * 22))

        assert refusal(answer) == (404, "ORDER_NOT_FOUND")
        assert balance("TEA") == (10, 2)
