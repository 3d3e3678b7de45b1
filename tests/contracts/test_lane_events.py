"""An order's events as a stream: all of them, in their order, once, through whatever breaks on the way."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import httpx
import psycopg
import pytest

from evertill.domains import orders
from evertill.kernel import config, db, ids
from tests.builders import NOON, make_product
from tests.contracts import web
from tests.contracts.tokens import issue
from tests.contracts.truth import Document
from tests.contracts.web import ORDERS, order, refusal
from tests.contracts.wire import Wire
from tests.kernel.waiting import until

# No stream looks by itself within a test, so that whatever is told was heard of.
DEAF = "300"


@pytest.fixture(scope="module")
def listening_site() -> Iterator[web.Site]:
    with web.running(config.get().database_url, order_streams_max="3", streams_max="5", stream_look_s=DEAF) as site:
        yield site


@pytest.fixture
def site(listening_site: web.Site, committed_db: None) -> Iterator[web.Site]:
    make_product("TEA", pieces=100)
    before = len(listening_site.log())
    yield listening_site
    assert '"level": "error"' not in listening_site.log()[before:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as it came."""

    id: int | None
    kind: str
    data: dict[str, Any]


@dataclass
class Reader:
    """Somebody who reads a stream, in a thread of his own."""

    site: web.Site
    address: str
    headers: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    status: int = 0
    told: httpx.Headers = field(default_factory=httpx.Headers)
    retry_ms: int = 0
    has_ended: bool = False

    def __enter__(self) -> Self:
        # Who hung up a moment ago may have his place still; whoever comes meanwhile is to come again.
        until(self._is_let_in)
        return self

    def _is_let_in(self) -> bool:
        self.status, self.has_ended = 0, False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        until(lambda: self.status)
        if self.status == httpx.codes.SERVICE_UNAVAILABLE:
            self._thread.join()
            return False
        return True

    def __exit__(self, *_: object) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        with contextlib.suppress(OSError):
            # Closing alone would wait for the thread that reads.
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _read(self) -> None:
        with contextlib.suppress(httpx.HTTPError), self.site.client(headers=self.headers) as client:
            with client.stream("GET", self.address, timeout=None) as answer:
                self._socket = answer.extensions["network_stream"].get_extra_info("socket")
                self.told = answer.headers
                self.status = answer.status_code
                block: list[str] = []
                for line in answer.iter_lines():
                    if line:
                        block.append(line)
                    else:
                        self._take(block)
                        block = []
            self.has_ended = True

    def _take(self, block: list[str]) -> None:
        fields = dict(line.split(": ", 1) for line in block if not line.startswith(":"))
        self.comments += [line for line in block if line.startswith(":")]
        self.retry_ms = int(fields.get("retry", self.retry_ms))
        if "event" in fields:
            number = int(fields["id"]) if "id" in fields else None
            self.events.append(Event(id=number, kind=fields["event"], data=json.loads(fields["data"])))

    @property
    def heard(self) -> list[tuple[int | None, str]]:
        return [(event.id, event.data.get("what", event.kind)) for event in self.events]


@dataclass(frozen=True)
class Ordered:
    number: str
    token: str

    @property
    def id(self) -> int:
        return ids.from_number(self.number)

    @property
    def address(self) -> str:
        return f"{ORDERS}/{self.number}/events?access_token={self.token}"


@pytest.fixture
def ordered(site: web.Site) -> Ordered:
    return an_order(site)


def an_order(site: web.Site) -> Ordered:
    with site.client() as client:
        placed = order(client, key=secrets.token_hex(8)).json()
    return Ordered(placed["number"], placed["access_token"])


def cancel(site: web.Site, ordered: Ordered) -> None:
    with site.client() as client:
        client.post(f"{ORDERS}/{ordered.number}/cancel", params={"access_token": ordered.token}).raise_for_status()


def note(ordered: Ordered) -> None:
    """Something that happens about an order without moving it."""
    with db.write():
        orders.note(order_id=ordered.id, kind=orders.EventKind.PAYMENT_PENDING, actor="ada", now=NOON)


def move(ordered: Ordered) -> None:
    """A note by somebody with a connection of his own."""
    note(ordered)
    db.close()


def _has(reader: Reader, events: int) -> bool:
    return len(reader.events) >= events


class TestStream:
    def test_tells_what_happened_before_it_was_opened(self, site: web.Site, ordered: Ordered) -> None:
        note(ordered)

        with Reader(site, ordered.address) as reader:
            until(lambda: len(reader.events) == 2)

        assert reader.heard == [(0, "order.placed"), (1, "payment.pending")]
        assert reader.events[1].data == {"state": "PLACED", "what": "payment.pending", "at": "2026-11-22T12:00:00Z"}
        assert (reader.status, reader.told["content-type"]) == (200, "text/event-stream")
        assert reader.told["cache-control"] == "no-store"
        assert 1500 <= reader.retry_ms < 4500

    def test_tells_what_happens_while_it_is_open(self, site: web.Site, ordered: Ordered) -> None:
        with Reader(site, ordered.address) as reader:
            until(lambda: reader.events)
            note(ordered)
            until(lambda: len(reader.events) == 2)
            note(ordered)
            until(lambda: len(reader.events) == 3)

        assert [place for place, _ in reader.heard] == [0, 1, 2]

    def test_ends_when_nothing_is_under_way_any_more(self, site: web.Site, ordered: Ordered) -> None:
        with Reader(site, ordered.address) as reader:
            until(lambda: reader.events)
            cancel(site, ordered)
            until(lambda: reader.has_ended)

        assert reader.heard == [(0, "order.placed"), (1, "order.cancelled"), (None, "end")]
        assert reader.events[1].data["state"] == "CANCELLED"

    def test_that_is_opened_after_the_end_tells_all_and_ends(self, site: web.Site, ordered: Ordered) -> None:
        cancel(site, ordered)

        with Reader(site, ordered.address) as reader:
            until(lambda: reader.has_ended)

        assert reader.heard == [(0, "order.placed"), (1, "order.cancelled"), (None, "end")]

    def test_tells_whoever_has_heard_all_that_he_need_not_come_back(self, site: web.Site, ordered: Ordered) -> None:
        cancel(site, ordered)

        with site.client() as client:
            answer = client.get(ordered.address, headers={"Last-Event-ID": "1"})

        assert (answer.status_code, answer.content) == (204, b"")

    def test_is_told_of_in_the_document(self, site: web.Site, ordered: Ordered) -> None:
        with site.client() as client:
            document = Document(client.get("/api/v1/schema/openapi.json").json())
            event = document.validator({"$ref": "#/components/schemas/EventOut"})
            cancel(site, ordered)

            with Reader(site, ordered.address) as reader:
                until(lambda: reader.has_ended)
            for event_id in ("1", "0", "7"):
                document.check(client.get(ordered.address, headers={"Last-Event-ID": event_id}))

        for one in reader.events[:-1]:
            event.validate(one.data)

    def test_looks_by_itself_for_what_nobody_told(self, committed_db: None) -> None:
        make_product("TEA", pieces=100)
        with web.running(config.get().database_url, stream_look_s="1") as site:
            ordered = an_order(site)
            with Reader(site, ordered.address) as reader:
                until(lambda: reader.events)
                with psycopg.connect(config.get().database_url) as connection:
                    connection.execute(
                        "insert into orders_event values (%s, 1, 'payment.failed', 'ada', now())", (ordered.id,)
                    )
                until(lambda: len(reader.events) == 2)

        assert reader.heard[1] == (1, "payment.failed")

    def test_shows_that_it_is_alive(self, committed_db: None) -> None:
        make_product("TEA", pieces=100)
        with web.running(config.get().database_url, stream_beat_s="1", stream_life_s="600") as site:
            ordered = an_order(site)
            with Reader(site, ordered.address) as reader:
                until(lambda: len(reader.comments) >= 2)

        assert set(reader.comments) == {":"}
        assert reader.heard == [(0, "order.placed")]
        assert not reader.has_ended

    def test_does_not_live_for_ever(self, committed_db: None) -> None:
        make_product("TEA", pieces=100)
        with web.running(config.get().database_url, stream_beat_s="300", stream_life_s="1") as site:
            ordered = an_order(site)
            with Reader(site, ordered.address) as reader:
                until(lambda: reader.has_ended)

        assert reader.heard == [(0, "order.placed")]


class TestResuming:
    def test_goes_on_after_what_was_heard(self, site: web.Site, ordered: Ordered) -> None:
        for _ in range(3):
            note(ordered)

        with Reader(site, ordered.address, headers={"Last-Event-ID": "1"}) as reader:
            until(lambda: len(reader.events) == 2)

        assert [place for place, _ in reader.heard] == [2, 3]

    @pytest.mark.parametrize("said", ["7", "-1", "999999999999999999", "nonsense", "", "1.5", "²"])
    def test_after_what_never_was_tells_all(self, site: web.Site, ordered: Ordered, said: str) -> None:
        with Reader(site, ordered.address, headers={"Last-Event-ID": said.encode()}) as reader:  # type: ignore[dict-item]
            until(lambda: reader.events)

        assert reader.heard == [(0, "order.placed")]

    def test_again_and_again_under_200_moves_loses_nothing_and_doubles_nothing(
        self, site: web.Site, ordered: Ordered
    ) -> None:
        heard: list[int] = []
        with ThreadPoolExecutor(max_workers=8) as movers:
            moving = [movers.submit(move, ordered) for _ in range(200)]
            while len(heard) < 201:
                headers = {"Last-Event-ID": str(heard[-1])} if heard else {}
                # He hangs up after a few, wherever that is.
                few = min(1 + secrets.randbelow(30), 201 - len(heard))
                with Reader(site, ordered.address, headers=headers) as reader:
                    until(partial(_has, reader, few))
                # What was on its way when he hung up he never heard, and is told again.
                heard += [event.id for event in list(reader.events) if event.id is not None]
            for one in moving:
                one.result()

        assert heard == list(range(201))

    def test_of_two_readers_each_hears_all(self, site: web.Site, ordered: Ordered) -> None:
        with Reader(site, ordered.address) as one, Reader(site, ordered.address) as other:
            with ThreadPoolExecutor(max_workers=4) as movers:
                list(movers.map(move, [ordered] * 50))
            until(lambda: len(one.events) == len(other.events) == 51)

        assert [event.id for event in one.events] == [event.id for event in other.events] == list(range(51))


class TestWhoMayOpenIt:
    @pytest.mark.parametrize(
        ("query", "bearer", "answer"),
        [
            ("", "", (401, "UNAUTHENTICATED")),
            ("?access_token=wrong", "", (404, "ORDER_NOT_FOUND")),
            ("", "wrong", (404, "ORDER_NOT_FOUND")),
            ("?access_token=evt_wrong", "", (401, "UNAUTHENTICATED")),
            ("", "evt_wrong", (401, "UNAUTHENTICATED")),
        ],
    )
    def test_is_nobody_without_the_right_token(
        self, site: web.Site, ordered: Ordered, query: str, bearer: str, answer: tuple[int, str]
    ) -> None:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        with site.client() as client:
            assert refusal(client.get(f"{ORDERS}/{ordered.number}/events{query}", headers=headers)) == answer

    def test_is_nobody_for_an_order_that_is_not_there(self, site: web.Site) -> None:
        nothing = ids.to_number(12345)
        token = issue("reader", "orders:read")
        with site.client(headers={"Authorization": f"Bearer {token}"}) as client:
            assert refusal(client.get(f"{ORDERS}/{nothing}/events")) == (404, "ORDER_NOT_FOUND")
            assert refusal(client.get(f"{ORDERS}/nothing/events")) == (404, "ORDER_NOT_FOUND")

    def test_is_a_program_with_the_scope_for_it(self, site: web.Site, ordered: Ordered) -> None:
        address = f"{ORDERS}/{ordered.number}/events"
        reads, cancels = issue("reader", "orders:read"), issue("canceller", "orders:cancel")

        with site.client(headers={"Authorization": f"Bearer {cancels}"}) as client:
            assert refusal(client.get(address)) == (403, "SCOPE_MISSING")
        with Reader(site, address, headers={"Authorization": f"Bearer {reads}"}) as reader:
            until(lambda: reader.events)

        assert reader.heard == [(0, "order.placed")]

    def test_is_whoever_bears_the_orders_own_token(self, site: web.Site, ordered: Ordered) -> None:
        headers = {"Authorization": f"Bearer {ordered.token}"}

        with Reader(site, f"{ORDERS}/{ordered.number}/events", headers=headers) as reader:
            until(lambda: reader.events)

    def test_head_tells_what_get_would_begin_with(self, site: web.Site, ordered: Ordered) -> None:
        with site.client() as client:
            answer = client.head(ordered.address)

        assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "text/event-stream", b"")

    @pytest.mark.parametrize("path", ["/api/v1/orders/{}/events/", "/api/v1//orders/{}/events"])
    def test_is_found_by_every_spelling_of_the_address(self, site: web.Site, ordered: Ordered, path: str) -> None:
        address = f"{path.format(ordered.number)}?access_token={ordered.token}"

        with Reader(site, address) as reader:
            until(lambda: reader.events)


class TestLimits:
    def test_bound_the_streams_of_one_order(self, site: web.Site, ordered: Ordered) -> None:
        with Reader(site, ordered.address), Reader(site, ordered.address), Reader(site, ordered.address) as third:
            with site.client() as client:
                refused = client.get(ordered.address)
            assert refusal(refused) == (503, "STREAMS_FULL")
            assert int(refused.headers["retry-after"]) >= 1
            with Reader(site, an_order(site).address) as other:
                assert other.status == 200
            third.hang_up()
            with Reader(site, ordered.address) as another:
                assert another.status == 200

    def test_bound_the_streams_of_a_worker(self, site: web.Site, ordered: Ordered) -> None:
        with contextlib.ExitStack() as stack:
            others = [stack.enter_context(Reader(site, an_order(site).address)) for _ in range(5)]
            assert [other.status for other in others] == [200] * 5
            with site.client() as client:
                assert refusal(client.get(ordered.address)) == (503, "STREAMS_FULL")

        with Reader(site, ordered.address) as another:
            assert another.status == 200


class TestTrouble:
    def test_a_stream_outlives_a_database_that_is_away(self, committed_db: None) -> None:
        make_product("TEA", pieces=100)
        wire = Wire(config.get().database_url)
        with web.running(wire.url, stream_look_s=DEAF) as site:
            ordered = an_order(site)
            with Reader(site, ordered.address) as reader:
                until(lambda: reader.events)
                wire.cut()
                until(lambda: "listener.away" in site.log())
                note(ordered)
                wire.mend()
                until(lambda: len(reader.events) == 2)
                note(ordered)
                until(lambda: len(reader.events) == 3)
                assert not reader.has_ended
            assert '"level": "error"' not in site.log()

        assert [event.id for event in reader.events] == [0, 1, 2]

    def test_one_that_is_opened_while_the_database_is_away_is_told_so(self, committed_db: None) -> None:
        make_product("TEA", pieces=100)
        wire = Wire(config.get().database_url)
        with web.running(wire.url, stream_look_s=DEAF) as site, site.client() as client:
            ordered = an_order(site)
            wire.cut()

            answer = client.get(ordered.address)

        assert refusal(answer) == (503, "DATABASE_UNAVAILABLE")

    def test_a_worker_that_stops_ends_its_streams_at_once(self, committed_db: None) -> None:
        make_product("TEA", pieces=100)
        with contextlib.ExitStack() as stack:
            site = stack.enter_context(web.running(config.get().database_url, drain_s="600"))
            reading = [stack.enter_context(Reader(site, an_order(site).address)) for _ in range(3)]
            until(lambda: all(reader.events for reader in reading))

            site.processes[0].terminate()
            # Else they would be waited for ten minutes.
            site.processes[0].wait(timeout=60)
            until(lambda: all(reader.has_ended for reader in reading))

            assert not re.search(r'"level": "error"|Traceback', site.log())
        assert [reader.heard for reader in reading] == [[(0, "order.placed")]] * 3
