"""The pages of an account, as a browser without a script sends them: in, prove, change, out."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from evertill.domains.identity.rules import hotp
from evertill.kernel import clock, config, db
from tests.contracts import web
from tests.kernel.waiting import ROOT
from tests.pages.test_buying import action, field, send
from tests.pages.test_shop import CHINESE, ENGLISH, words

ADA = "ada@example.com"
PASSWORD = "seven lamps at night"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def account_site(data: Path) -> Iterator[web.Site]:
    with web.running(config.get().database_url, data=str(data)) as site:
        yield site


@pytest.fixture
def mail(data: Path) -> Mail:
    return Mail(data / "messages" / "messages.jsonl")


@pytest.fixture
def client(account_site: web.Site, committed_db: None) -> Iterator[httpx.Client]:
    before = len(account_site.log())
    with account_site.client(headers=ENGLISH) as client:
        yield client
    said = account_site.log()[before:]
    assert '"level": "error"' not in said, said
    assert "Traceback" not in said, said


class Mail:
    """What the shop sent, read from the file that stands in for a mail server."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def count(self) -> int:
        return len(self._lines())

    def code(self, to: str) -> str:
        """The newest code that went to an address."""
        body = [line["body"] for line in self._lines() if line["to"] == to][-1]
        found = re.search(r"\b\d{6}\b", body)
        assert found, body
        return found.group()

    def _lines(self) -> list[dict[str, str]]:
        return (
            [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]
            if self._path.exists()
            else []
        )


def follow(client: httpx.Client, answer: httpx.Response) -> httpx.Response:
    """The page that an answer leads to."""
    while answer.is_redirect:
        answer = client.get(answer.headers["location"])
    return answer


def path_of(answer: httpx.Response) -> str:
    return urlsplit(str(answer.url)).path


def ask(client: httpx.Client, address: str = ADA, **fields: str) -> httpx.Response:
    """The page that follows when an address is entered."""
    page = client.get("/account/sign-in")
    assert page.status_code == 200
    return follow(client, send(client, page, "/account/sign-in", address=address, **fields))


def by_code(client: httpx.Client, mail: Mail, address: str = ADA) -> httpx.Response:
    page = ask(client, address, way="code")
    return follow(client, send(client, page, "/account/sign-in/code", code=mail.code(address)))


def opened(client: httpx.Client, mail: Mail, address: str = ADA, *, password: str = "") -> httpx.Response:
    """The first page of an account that was just opened."""
    page = by_code(client, mail, address)
    return follow(client, send(client, page, "/account/sign-in/open", name="Ada", password=password))


def sign_out(client: httpx.Client) -> None:
    send(client, client.get("/account/"), "/account/sign-out")


def proved(client: httpx.Client, mail: Mail, page: httpx.Response, *, to: str = ADA) -> httpx.Response:
    """Where a step-up by a sent code leads: what was asked for is done."""
    assert "Prove that it is you" in words(page)
    errand = field(page, "errand")
    sent = send(client, page, "/account/prove", errand=errand, way="send:EMAIL_CODE")
    done = send(
        client,
        sent,
        "/account/prove",
        errand=errand,
        way="prove:EMAIL_CODE",
        text=mail.code(to),
        code_id=field(sent, "code_id"),
    )
    return go_on(client, done)


def go_on(client: httpx.Client, page: httpx.Response) -> httpx.Response:
    """Press the button of the page that a proof leads to."""
    if page.is_redirect:
        return follow(client, page)
    found = re.search(
        r'<form class="panel" method="post" action="([^"]+)" data-go-on>(.*?)</form>', page.text, re.DOTALL
    )
    assert found, page.text
    fields = {
        unescape(name): unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', found.group(2))
    }
    return follow(client, client.post(unescape(found.group(1)), data=fields))


def secret_bytes(secret: str) -> bytes:
    """The secret that an authenticator app reads as base32."""
    return base64.b32decode(secret + "=" * (-len(secret) % 8))


def totp_of(secret: str) -> str:
    return hotp(secret_bytes(secret), int(clock.now().timestamp()) // 30)


class TestSigningIn:
    def test_opens_an_account_for_whoever_proved_an_address(self, client: httpx.Client, mail: Mail) -> None:
        home = opened(client, mail)

        assert "Hello, Ada" in words(home)
        assert path_of(home).endswith("/account/")

    def test_lets_the_same_address_in_again_by_a_code(self, client: httpx.Client, mail: Mail) -> None:
        opened(client, mail)
        sign_out(client)

        assert client.get("/account/").is_redirect
        assert "Hello, Ada" in words(by_code(client, mail))

    def test_lets_in_by_a_password(self, client: httpx.Client, mail: Mail) -> None:
        opened(client, mail, password=PASSWORD)
        sign_out(client)

        assert "Hello, Ada" in words(ask(client, password=PASSWORD, way="password"))

    def test_uses_a_code_once(self, client: httpx.Client, account_site: web.Site, mail: Mail) -> None:
        opened(client, mail)
        sign_out(client)
        page = ask(client, way="code")
        code = mail.code(ADA)
        first = send(client, page, "/account/sign-in/code", code=code)

        again = send(client, page, "/account/sign-in/code", code=code)

        assert first.status_code == 303
        assert "This sign-in took too long, or was ended." in words(again)

    def test_refuses_a_wrong_code_and_takes_the_right_one(self, client: httpx.Client, mail: Mail) -> None:
        page = ask(client, way="code")
        right = mail.code(ADA)

        wrong = send(client, page, "/account/sign-in/code", code=f"{(int(right) + 1) % 10**6:06}")

        assert wrong.status_code == 422
        assert "This code is not right" in words(wrong)
        assert path_of(follow(client, send(client, wrong, "/account/sign-in/code", code=right))).endswith("/open")

    def test_answers_known_and_unknown_addresses_alike(
        self, client: httpx.Client, account_site: web.Site, mail: Mail
    ) -> None:
        opened(client, mail, password=PASSWORD)
        with account_site.client(headers=ENGLISH) as known, account_site.client(headers=ENGLISH) as unknown:
            asked = [ask(one, address, way="code") for one, address in ((known, ADA), (unknown, "bob@example.com"))]
            refused = [
                ask(one, address, password="wrong and long", way="password")
                for one, address in ((known, ADA), (unknown, "bob@example.com"))
            ]

        for first, second in (asked, refused):
            assert first.status_code == second.status_code
            assert words(first).replace(ADA, "X") == words(second).replace("bob@example.com", "X")
            assert first.headers.keys() == second.headers.keys()

    def test_leads_back_to_where_one_wanted_to_go(self, client: httpx.Client, mail: Mail) -> None:
        opened(client, mail)
        sign_out(client)
        page = follow(client, client.get("/account/devices"))
        wanted = field(page, "next")
        page = follow(client, send(client, page, "/account/sign-in", address=ADA, way="code", next=wanted))

        inside = follow(
            client, send(client, page, "/account/sign-in/code", code=mail.code(ADA), next=field(page, "next"))
        )

        assert path_of(inside).endswith("/account/devices")

    @pytest.mark.parametrize(
        "next_",
        ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "http:evil.example"],
    )
    def test_leads_to_no_other_site(self, client: httpx.Client, mail: Mail, next_: str) -> None:
        opened(client, mail)

        answer = client.get("/account/sign-in", params={"next": next_})

        assert urlsplit(answer.headers["location"]).netloc == ""
        assert answer.headers["location"].endswith("/account/")

    def test_speaks_chinese(self, account_site: web.Site, committed_db: None) -> None:
        with account_site.client(headers=CHINESE) as client:
            page = client.get("/account/sign-in")

        assert "登录" in words(page)
        assert "Sign in" not in words(page)


class TestPrivacy:
    def test_nothing_of_an_account_is_kept_by_anybody(self, client: httpx.Client, mail: Mail) -> None:
        opened(client, mail)

        for path in ("", "security", "addresses", "devices", "data", "sign-in"):
            answer = client.get(f"/account/{path}")
            assert answer.headers["cache-control"] == "no-store", path
            assert "unsafe" not in answer.headers["content-security-policy"], path

    def test_the_session_is_for_this_browser_and_no_script(self, client: httpx.Client, mail: Mail) -> None:
        page = by_code(client, mail)
        answer = send(client, page, "/account/sign-in/open", name="Ada")

        cookies = [text for text in answer.headers.get_list("set-cookie") if text.startswith("session=")]
        assert len(cookies) == 1
        assert "HttpOnly" in cookies[0]
        assert "SameSite=Lax" in cookies[0]

    @pytest.mark.parametrize("path", ["", "security", "password", "addresses", "devices", "data", "prove"])
    def test_shows_strangers_nothing(self, client: httpx.Client, path: str) -> None:
        answer = client.get(f"/account/{path}")

        assert answer.status_code == 303
        assert "/account/sign-in" in answer.headers["location"]

    @pytest.mark.parametrize("path", ["sign-out", "totp", "devices/end", "data/delete", "addresses/remove"])
    def test_changes_nothing_without_the_token_of_its_form(self, client: httpx.Client, mail: Mail, path: str) -> None:
        opened(client, mail)

        assert client.post(f"/account/{path}", data={}).status_code == 403

    @pytest.mark.parametrize(
        "path",
        ["sign-out", "totp", "sms", "recovery-codes", "devices/end", "data/export", "data/delete", "addresses/add"],
    )
    def test_changes_nothing_by_being_looked_at(self, client: httpx.Client, mail: Mail, path: str) -> None:
        opened(client, mail)

        assert client.get(f"/account/{path}").status_code == 405
        assert client.get("/account/").status_code == 200

    @pytest.mark.parametrize("path", ["", "security", "addresses", "devices", "data"])
    def test_can_be_left_from_every_page(self, client: httpx.Client, mail: Mail, path: str) -> None:
        opened(client, mail)
        page = client.get(f"/account/{path}")

        send(client, page, action(page, "sign-out"))

        assert client.get("/account/").is_redirect


class TestHome:
    def test_leads_to_every_part_of_the_account(self, client: httpx.Client, mail: Mail) -> None:
        home = opened(client, mail)

        links = re.findall(r'<a class="button" href="([^"]*)"', home.text)

        assert len(set(links)) >= 4
        assert {link: client.get(link).status_code for link in links if link} == dict.fromkeys(links, 200)


class TestProving:
    def test_is_asked_for_and_goes_on_by_itself(self, client: httpx.Client, mail: Mail) -> None:
        opened(client, mail)
        security = client.get("/account/security")

        asked = follow(client, send(client, security, "/account/recovery-codes"))
        codes = proved(client, mail, asked)

        shown = re.findall(r"<code>([0-9A-Z-]{19})</code>", codes.text)
        assert len(set(shown)) == 10

    def test_gives_the_browser_another_secret_and_leaves_a_thief_of_the_old_one_outside(
        self, client: httpx.Client, account_site: web.Site, mail: Mail
    ) -> None:
        opened(client, mail)
        stolen = client.cookies["session"]

        proved(client, mail, follow(client, send(client, client.get("/account/security"), "/account/recovery-codes")))
        # What was on its way has come.
        db.execute("update identity_session set was_until = now() - interval '1 second'")

        assert client.cookies["session"] != stolen
        assert client.get("/account/devices").status_code == 200
        with account_site.client(headers=ENGLISH, cookies={"session": stolen}) as thief:
            assert "/account/sign-in" in thief.get("/account/devices").headers["location"]

    def test_counts_once(self, client: httpx.Client, mail: Mail) -> None:
        opened(client, mail)
        proved(client, mail, follow(client, send(client, client.get("/account/security"), "/account/recovery-codes")))

        again = follow(client, send(client, client.get("/account/security"), "/account/recovery-codes"))

        assert "Prove that it is you" in words(again)

    def test_of_one_session_is_none_of_another(self, client: httpx.Client, account_site: web.Site, mail: Mail) -> None:
        opened(client, mail)
        asked = follow(client, send(client, client.get("/account/security"), "/account/recovery-codes"))
        with account_site.client(headers=ENGLISH) as other:
            by_code(other, mail)
            answer = other.get("/account/prove", params={"errand": field(asked, "errand")})

        assert answer.headers["location"].endswith("/account/")

    def test_refuses_a_wrong_code(self, client: httpx.Client, mail: Mail) -> None:
        opened(client, mail)
        asked = follow(client, send(client, client.get("/account/security"), "/account/recovery-codes"))
        errand = field(asked, "errand")
        sent = send(client, asked, "/account/prove", errand=errand, way="send:EMAIL_CODE")
        wrong = f"{(int(mail.code(ADA)) + 1) % 10**6:06}"

        refused = send(
            client,
            sent,
            "/account/prove",
            errand=errand,
            way="prove:EMAIL_CODE",
            text=wrong,
            code_id=field(sent, "code_id"),
        )

        assert refused.status_code == 422
        assert "This was not right." in words(refused)


class TestSecondStep:
    def test_asks_for_the_app_once_it_is_on(self, client: httpx.Client, mail: Mail) -> None:
        opened(client, mail)
        page = proved(client, mail, follow(client, send(client, client.get("/account/security"), "/account/totp")))
        secret = field(page, "secret")
        done = send(client, page, "/account/totp/confirm", secret=secret, uri=field(page, "uri"), code=totp_of(secret))
        assert "Your authenticator app is asked for from now on." in words(follow(client, done))
        sign_out(client)

        asked = by_code(client, mail)

        assert "One more step" in words(asked)
        assert client.get("/account/").is_redirect

    def test_takes_a_recovery_code_once_and_not_twice(self, client: httpx.Client, mail: Mail) -> None:
        opened(client, mail)
        security = client.get("/account/security")
        codes = proved(client, mail, follow(client, send(client, security, "/account/recovery-codes")))
        code = re.findall(r"<code>([0-9A-Z-]{19})</code>", codes.text)[0]
        page = proved(client, mail, follow(client, send(client, client.get("/account/security"), "/account/totp")))
        secret = field(page, "secret")
        send(client, page, "/account/totp/confirm", secret=secret, uri=field(page, "uri"), code=totp_of(secret))
        sign_out(client)
        first = send(client, by_code(client, mail), "/account/sign-in/second", way="prove:RECOVERY_CODE", text=code)
        assert "Hello, Ada" in words(follow(client, first))
        sign_out(client)

        second = send(client, by_code(client, mail), "/account/sign-in/second", way="prove:RECOVERY_CODE", text=code)

        assert "This was not right." in words(second)
        assert client.get("/account/").is_redirect

    def test_by_sms_is_offered_with_a_warning(self, client: httpx.Client, mail: Mail) -> None:
        opened(client, mail, "+8613800138000", password=PASSWORD)

        page = client.get("/account/security")

        assert "Better than nothing; a passkey is safer." in words(page)
        assert page.text.index("Add a passkey") < page.text.index("Codes by SMS")


class TestPassword:
    def test_fields_are_hidden_and_open_to_managers(self, client: httpx.Client, mail: Mail) -> None:
        sign_in = client.get("/account/sign-in").text
        new = by_code(client, mail).text

        assert re.search(r'<input[^>]+type="password"[^>]+autocomplete="current-password"', sign_in)
        assert re.search(r'<input[^>]+type="password"[^>]+autocomplete="new-password"', new)
        scripts = (ROOT / "src" / "evertill" / "entry" / "shop").rglob("static/**/*.js")
        assert [path.name for path in scripts if "paste" in path.read_text(encoding="utf-8")] == []

    @pytest.mark.parametrize("typed", [PASSWORD.upper(), f"{PASSWORD} ", f" {PASSWORD}", PASSWORD[:-1]])
    def test_is_taken_exactly_as_it_was_typed(self, client: httpx.Client, mail: Mail, typed: str) -> None:
        opened(client, mail, password=PASSWORD)
        sign_out(client)

        assert "Address and password do not fit together." in words(ask(client, password=typed, way="password"))

    def test_may_be_long_and_every_sign_of_it_counts(self, client: httpx.Client, mail: Mail) -> None:
        long = ("every sign of these counts, 字字算数 " * 4)[:128]
        opened(client, mail, password=long)
        sign_out(client)

        assert "do not fit together" in words(ask(client, password=long[:-1], way="password"))
        assert "Hello, Ada" in words(ask(client, password=long, way="password"))

    def test_is_set_after_a_proof_and_ends_other_sessions(
        self, client: httpx.Client, account_site: web.Site, mail: Mail
    ) -> None:
        opened(client, mail)
        with account_site.client(headers=ENGLISH) as other:
            by_code(other, mail)
            begun = follow(client, send(client, client.get("/account/security"), "/account/password/begin"))
            form = proved(client, mail, begun)
            done = send(client, form, str(form.url), new=PASSWORD)

            assert "Your new password counts from now on." in words(follow(client, done))
            assert other.get("/account/").is_redirect

    def test_that_everybody_uses_is_refused(self, client: httpx.Client, mail: Mail) -> None:
        page = by_code(client, mail)

        refused = send(client, page, "/account/sign-in/open", name="Ada", password="password123")

        assert refused.status_code == 422
        assert "It is on the list of passwords that thieves try first." in words(refused)


class TestDevices:
    def test_ends_a_session_from_afar_at_once(self, client: httpx.Client, account_site: web.Site, mail: Mail) -> None:
        opened(client, mail)
        with account_site.client(headers=ENGLISH) as other:
            by_code(other, mail)
            page = client.get("/account/devices")
            send(client, page, "/account/devices/end", way="others")

            assert other.get("/account/").is_redirect
            assert client.get("/account/").status_code == 200


class TestData:
    def test_is_fetched_as_one_file(self, client: httpx.Client, mail: Mail) -> None:
        opened(client, mail)

        file = proved(client, mail, follow(client, send(client, client.get("/account/data"), "/account/data/export")))

        assert file.headers["content-disposition"] == 'attachment; filename="my-data.json"'
        assert ADA in json.dumps(file.json())

    def test_is_deleted_with_the_account(self, client: httpx.Client, mail: Mail) -> None:
        opened(client, mail)

        gone = proved(client, mail, follow(client, send(client, client.get("/account/data"), "/account/data/delete")))

        assert "Your account is deleted" in words(gone)
        assert client.get("/account/").is_redirect
        assert path_of(by_code(client, mail)).endswith("/open")
