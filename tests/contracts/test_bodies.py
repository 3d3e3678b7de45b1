"""Bodies that pages are sent: half a form keeps nobody from the pages, and no file is read of who may not send it."""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from evertill.kernel import config
from tests import tables
from tests.contracts import web
from tests.desk.clerks import Clerk, clerk
from tests.kernel.waiting import until

_TABLE = "/en/desk/catalogue/table"
_LONG = 20 << 20
_FORMS_MAX = str(1 << 20)


@pytest.fixture(scope="module")
def patient_site() -> Iterator[web.Site]:
    """One web worker, which waits for a form for longer than any of these tests."""
    with web.running(config.get().database_url, form_wait_s="600", forms_bytes_max=_FORMS_MAX) as running:
        yield running


@pytest.fixture(scope="module")
def hasty_site() -> Iterator[web.Site]:
    """One web worker, which waits for a form for a second."""
    with web.running(config.get().database_url, form_wait_s="1", forms_bytes_max=_FORMS_MAX) as running:
        yield running


@contextlib.contextmanager
def without_errors(site: web.Site) -> Iterator[web.Site]:
    before = len(site.log())
    yield site
    said = site.log()[before:]
    assert "Traceback" not in said, said
    assert '"level": "error"' not in said, said


@pytest.fixture
def site(patient_site: web.Site, committed_db: None) -> Iterator[web.Site]:
    with without_errors(patient_site):
        yield patient_site


@pytest.fixture
def hasty(hasty_site: web.Site, committed_db: None) -> Iterator[web.Site]:
    with without_errors(hasty_site):
        yield hasty_site


def begin(
    site: web.Site, path: str, *, length: int, body: bytes = b"", cookie: str = "", kind: str = ""
) -> socket.socket:
    """A connection on which somebody has begun a form, and does not go on."""
    kind = kind or "application/x-www-form-urlencoded"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {site.host}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n"
        f"Sec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\n\r\n"
    )
    connection = socket.create_connection((site.host, site.port), timeout=60.0)
    # Whoever is refused at once may not get rid of all of it.
    with contextlib.suppress(ConnectionError):
        connection.sendall(head.encode() + body)
    return connection


def answer_on(connection: socket.socket) -> str:
    """What comes back on a connection, up to its head's end."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while b"\r\n\r\n" not in said and (part := connection.recv(65_536)):
            said += part
    return said.decode(errors="replace")


def file_of(length: int) -> tuple[str, bytes]:
    """The kind of a form with a file, and its beginning."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nsku,title_en\n'
    return "multipart/form-data; boundary=x", head + b"y" * (length - len(head))


class TestHalfAForm:
    @pytest.mark.parametrize("length", [1000, 500_000])
    def test_keeps_no_page_from_others(self, site: web.Site, length: int) -> None:
        with contextlib.ExitStack() as stack, site.client() as client:
            begun = [
                stack.enter_context(begin(site, "/en/cart/add", length=length, body=b"sku=TEA"))
                for _ in range(config.get().page_threads + 1)
            ]

            assert client.get("/en/").status_code == 200

            # Nobody had to come to an end for that, but those for whom there is no room.
            assert select.select(begun[:1], [], [], 0)[0] == []
            if length > 1000:
                assert answer_on(begun[-1]).startswith("HTTP/1.1 503 ")

    @pytest.mark.parametrize("length", [1000, 500_000])
    def test_is_told_that_it_comes_too_late(self, hasty: web.Site, length: int) -> None:
        with begin(hasty, "/en/cart/add", length=length, body=b"sku=TEA") as begun:
            assert answer_on(begun).startswith("HTTP/1.1 408 ")

    def test_is_no_form_when_its_sender_has_gone(self, site: web.Site) -> None:
        ada = clerk("administrator")
        kind, body = file_of(3 << 20)
        before = len(site.log())
        with begin(site, _TABLE, length=_LONG, body=body, kind=kind, cookie=_cookie(ada)):
            pass

        with site.client() as client:
            until(lambda: client.get("/en/").status_code == 200)
        assert tables.count("bulk_bulk") == 0
        assert "Traceback" not in site.log()[before:]

    def test_is_answered_when_it_is_there(self, site: web.Site) -> None:
        with begin(site, "/en/cart/add", length=11, body=b"sku=TEA") as connection:
            connection.sendall(b"&x=1")

            assert answer_on(connection).startswith("HTTP/1.1 303 ")


class TestAFile:
    def test_is_not_read_of_who_may_not_send_it(self, site: web.Site) -> None:
        for who, status in (("", 303), (_cookie(clerk("support")), 403)):
            kind, body = file_of(100_000)
            with begin(site, _TABLE, length=_LONG, body=body, kind=kind, cookie=who) as connection:
                assert answer_on(connection).startswith(f"HTTP/1.1 {status} ")

    def test_is_not_read_where_no_page_takes_it(self, site: web.Site) -> None:
        for path in ("/en/cart/add", "/en/claims/new", "/en/account/sign-in"):
            kind, body = file_of(100_000)
            with begin(site, path, length=_LONG, body=body, kind=kind) as connection:
                assert answer_on(connection).startswith("HTTP/1.1 400 ")

    def test_lies_in_no_folder_while_it_is_read(self, site: web.Site) -> None:
        ada = clerk("administrator")
        kind, body = file_of(3 << 20)
        with begin(site, _TABLE, length=_LONG, body=body, kind=kind, cookie=_cookie(ada)):
            (process,) = site.processes
            until(lambda: _unnamed_bytes(process.pid) > 2 << 20)

        until(lambda: _unnamed_bytes(process.pid) == 0)


def _cookie(who: Clerk) -> str:
    # Without the second one no form of his is read either.
    return f"session={who.browser.cookies['session'].value}; csrftoken={'t' * 32}"


def _unnamed_bytes(pid: int) -> int:
    """How many bytes a process has in files that have no name."""
    found = 0
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if one.readlink().name.endswith(" (deleted)") and one.stat().st_size:
                found += one.stat().st_size
    return found
