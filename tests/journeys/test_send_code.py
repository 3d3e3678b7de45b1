"""Codes on their way: into the owner's file, through a mail server, and when that is down, hangs or refuses."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import socket
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from evertill.domains import identity, incidents, messages, payments, recovery
from evertill.domains.identity.codes import SendingLimited
from evertill.domains.messages import Channel
from evertill.journeys import send_code as sending
from evertill.journeys.send_code import AddressRefused, ChannelClosed, CodeNotSent, SentCode, is_open, is_stand_in
from evertill.kernel import config, db, lines
from evertill.kernel.rarely import Rarely
from evertill.outside.connect import connect
from evertill.outside.file_sender import FileSender
from evertill.outside.smtp_sender import SmtpSender
from tests import postbox as postboxes
from tests import tables
from tests.builders import NOON
from tests.kernel.waiting import until
from tests.outside.ports import deaf_port
from tests.postbox import Postbox
from tests.threads import meanwhile, together
from tests.twins import aliyun_sms
from tests.twins.serving import running

ADA, PHONE = "ada@example.com", "+8613800000000"

Change = Callable[..., None]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No senders, and no memory of what this process did before."""
    monkeypatch.setattr(sending, "_close_rarely", Rarely(every_s=0))
    messages.register({})
    # How many may wait is read once in a process, and other tests have other settings.
    sending._places.cache_clear()  # noqa: SLF001 — nobody else has to forget it.
    yield
    sending._places.cache_clear()  # noqa: SLF001 — as above.
    # What a shop that starts is connected to is the whole process's.
    messages.register({})
    payments.register()
    recovery.register(None)


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Change:
    """Changes settings for one test."""

    def change(**changed: object) -> None:
        changed_ones = dataclasses.replace(config.get(), **changed)  # type: ignore[arg-type]
        monkeypatch.setattr(config, "get", lambda: changed_ones)

    return change


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postbox]:
    with postboxes.running(tmp_path_factory.mktemp("postbox")) as running:
        yield running


@pytest.fixture
def postbox(server: Postbox, committed_db: None, change: Change) -> Iterator[Postbox]:
    (server.folder / "kept").unlink(missing_ok=True)
    through(change, server.port)
    yield server
    server.cheer_up()


def through(change: Change, port: int) -> None:
    change(smtp_url=f"smtp+plain://127.0.0.1:{port}", mail_from="shop@tea.example", smtp_timeout_ms=30_000)
    messages.register({Channel.EMAIL: SmtpSender(settings=config.get())})


def send(
    kind: str = "EMAIL", address: str = ADA, *, purpose: str = "sign-in", language: str = "en", caller: str = "ip"
) -> SentCode:
    return sending.send_code(purpose=purpose, kind=kind, address=address, caller=caller, language=language, now=NOON)


def use(sent: SentCode, text: str, *, address: str = ADA) -> bool:
    (digits,) = re.findall(r"\b\d{6}\b", text)
    return identity.codes.use(code_id=sent.code_id, purpose="sign-in", address=address, digits=digits, now=NOON)


def counted() -> set[int]:
    """How many codes each window counts."""
    return {taken for (taken,) in db.fetch("select taken from identity_allowance")}


def alerts() -> list[tuple[str, str]]:
    return [(alert.subject, alert.detail) for alert in incidents.read_open_alerts(limit=10)]


@pytest.mark.usefixtures("committed_db")
class TestWithoutAnythingSetUp:
    @pytest.fixture(autouse=True)
    def connected(self, change: Change, tmp_path: Path) -> None:
        change(data=tmp_path)
        connect()

    def test_goes_to_a_file_of_the_owners(self, tmp_path: Path) -> None:
        with capture_logs() as logs:
            mailed, texted = send(), send("PHONE", PHONE)

        file = tmp_path / "messages" / "messages.jsonl"
        letter, sms = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
        assert (letter["channel"], letter["to"], letter["subject"]) == ("EMAIL", ADA, "Your code for localhost:8000")
        assert (sms["channel"], sms["to"], sms["subject"]) == ("SMS", PHONE, "")
        assert use(mailed, letter["body"])
        assert use(texted, sms["body"], address=PHONE)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert [log["event"] for log in logs] == ["message written to a file"] * 2
        assert mailed.expires_at == NOON + dt.timedelta(minutes=10)

    def test_says_so(self) -> None:
        assert send().is_in_file
        assert [(is_open(kind), is_stand_in(kind)) for kind in ("EMAIL", "PHONE")] == [(True, True)] * 2

    def test_never_shows_the_code_in_logs_or_tables(self, tmp_path: Path) -> None:
        with capture_logs() as logs:
            send()

        line = (tmp_path / "messages" / "messages.jsonl").read_text(encoding="utf-8")
        (digits,) = re.findall(r"\b\d{6}\b", json.loads(line)["body"])
        stored = repr([tables.rows("identity_code"), tables.rows("identity_allowance"), logs])
        # A longer number, such as an id, may have these digits in it.
        assert digits not in re.findall(r"\d+", stored)
        assert ADA not in stored

    def test_keeps_the_file_small(self, change: Change, tmp_path: Path) -> None:
        change(message_file_bytes_max=4096, code_address_hour_max=100, code_address_day_max=100)
        connect()

        for _ in range(20):
            send()

        folder = tmp_path / "messages"
        sizes = {file.name: file.stat().st_size for file in folder.glob("*.jsonl")}
        assert set(sizes) == {"messages.jsonl", "messages-before.jsonl"}
        assert all(0 < size <= 4096 for size in sizes.values())

    def test_follows_no_link_that_somebody_planted(self, tmp_path: Path) -> None:
        (tmp_path / "messages").mkdir()
        (tmp_path / "elsewhere").touch()
        (tmp_path / "messages" / "messages.jsonl").symlink_to(tmp_path / "elsewhere")

        with pytest.raises(CodeNotSent):
            send()

        assert (tmp_path / "elsewhere").read_bytes() == b""

    def test_writes_whole_lines_when_all_write_at_once(self, tmp_path: Path) -> None:
        sender = FileSender(channel=Channel.EMAIL, settings=config.get())
        letter = messages.Letter(reference="r", to=ADA, language="en", subject="s", body="b" * 5_000, written_at=NOON)

        def write() -> None:
            with sender.open() as post:
                for _ in range(10):
                    post(letter)

        together(*[write] * 4)

        written = (tmp_path / "messages" / "messages.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["body"] for line in written] == ["b" * 5_000] * 40


class TestByMail:
    def test_brings_a_code_that_works(self, postbox: Postbox) -> None:
        sent = send()

        (mail,) = postbox.mails()
        assert (mail["To"], mail["Subject"]) == (ADA, "Your code for localhost:8000")
        assert "this is your code to sign in at localhost:8000" in mail.get_content()
        assert use(sent, mail.get_content())
        assert (sent.is_in_file, is_stand_in("EMAIL")) == (False, False)

    def test_speaks_the_readers_language(self, postbox: Postbox) -> None:
        send(language="zh-hans", purpose="add-address:17")

        (mail,) = postbox.mails()
        assert mail["Subject"] == "您在 localhost:8000 的验证码"
        assert "您用于将此地址添加到您在 localhost:8000 的账户的验证码是" in mail.get_content()

    def test_has_no_file_for_what_it_cannot_send(self, postbox: Postbox, change: Change, tmp_path: Path) -> None:
        change(data=tmp_path)
        connect()

        with pytest.raises(ChannelClosed):
            send("PHONE", PHONE)

        assert (is_open("EMAIL"), is_open("PHONE"), is_stand_in("PHONE")) == (True, False, False)
        assert (tables.count("identity_code"), list(tmp_path.iterdir())) == (0, [])

    def test_is_limited(self, postbox: Postbox) -> None:
        for _ in range(5):
            send()

        with pytest.raises(SendingLimited):
            send()

        assert len(postbox.mails()) == 5

    def test_a_kind_that_is_none_is_a_mistake(self) -> None:
        with pytest.raises(KeyError):
            send("PIGEON")


class TestBySms:
    def test_brings_a_code_that_works(self, committed_db: None, change: Change, tmp_path: Path) -> None:
        (tmp_path / "key.txt").write_text(f"{aliyun_sms.KEY_ID}\n{aliyun_sms.SECRET}", encoding="utf-8")
        with running("tests.twins.aliyun_sms", tmp_path) as twin:
            change(
                data=tmp_path,
                aliyun_sms_sign_name=aliyun_sms.SIGN_NAME,
                aliyun_sms_code_template=aliyun_sms.CODE_TEMPLATE,
                aliyun_sms_key_file=Path("key.txt"),
                aliyun_sms_url=twin.url,
            )
            connect()

            sent = send("PHONE", PHONE)

            (sms,) = twin.post("sent")
            assert sms["to"] == PHONE[3:]
            assert use(sent, sms["values"]["code"], address=PHONE)
            twin.faults("poor")
            with pytest.raises(CodeNotSent):
                send("PHONE", PHONE)
            assert (counted(), alerts()) == (
                {1},
                [("codes by SMS", "Aliyun SMS does not send for us: isv.AMOUNT_NOT_ENOUGH.")],
            )


@pytest.mark.usefixtures("committed_db")
class TestTrouble:
    def test_a_server_that_is_down_uses_nothing_up_and_tells_the_owner(self, postbox: Postbox, change: Change) -> None:
        with deaf_port() as port, capture_logs() as logs:
            through(change, port)
            for _ in range(6):
                with pytest.raises(CodeNotSent):
                    send()

        assert counted() == {0}
        assert alerts() == [("codes by EMAIL", "The mail server cannot be used: ConnectionRefusedError.")]
        assert ADA not in str(logs)

        through(change, postbox.port)
        send()
        assert (counted(), alerts()) == ({1}, [])

    def test_what_may_have_gone_out_counts(self, postbox: Postbox) -> None:
        postbox.mood(ADA, "cut")

        with pytest.raises(CodeNotSent):
            send()

        assert counted() == {1}

    @pytest.mark.parametrize(("mood", "error"), [("550", AddressRefused), ("451", CodeNotSent)])
    def test_an_address_that_is_refused_counts_and_is_nothing_for_the_owner(
        self, postbox: Postbox, mood: str, error: type[Exception]
    ) -> None:
        postbox.mood(ADA, mood)

        with pytest.raises(error):
            send()

        assert (counted(), alerts()) == ({1}, [])

    def test_a_fault_that_nobody_foresaw_tells_no_code(self, change: Change) -> None:
        class Faulty:
            def open(self) -> object:
                raise RuntimeError(f"letter to {ADA}")

        messages.register({Channel.EMAIL: Faulty()})  # type: ignore[dict-item]

        with capture_logs() as logs, pytest.raises(CodeNotSent) as raised:
            send()

        assert [(log["event"], log["why"]) for log in logs] == [("code not sent", "RuntimeError")]
        assert raised.value.__cause__ is None
        assert (counted(), ADA in str(logs)) == ({1}, False)


@pytest.fixture
def silent(committed_db: None, change: Change) -> Iterator[socket.socket]:
    """A mail server that takes connections and never says a word, until it is closed."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:
        through(change, server.getsockname()[1])
        yield server
        server.close()
        # Those under way end before the next test begins.
        until(lambda: not lines._inside["codes-email"])  # noqa: SLF001 — nobody else has to know when a line is empty.


class TestAHangingServer:
    def test_is_waited_for_no_longer_than_the_setting_says(self, silent: socket.socket, change: Change) -> None:
        change(code_wait_ms=100)

        sent = send()

        # The server is still silent, which would be an alert by its end.
        assert sent.code_id
        assert alerts() == []
        silent.close()
        until(alerts)

    def test_keeps_half_of_the_pages_threads_free(self, silent: socket.socket, change: Change) -> None:
        change(code_wait_ms=30_000, page_threads=3)
        ended: list[type[object]] = []

        def ask(number: int) -> None:
            try:
                ended.append(type(send(address=f"{number}@example.com", caller=str(number))))
            except CodeNotSent as error:
                ended.append(type(error))

        # Of three threads of pages one may wait; it alone hears how it ends.
        with meanwhile(lambda: together(*[partial(ask, number) for number in range(6)])) as asking:
            until(lambda: len(ended) == 5)
            assert ended == [SentCode] * 5

            silent.close()
            asking.result(timeout=60)

        assert ended[5] is CodeNotSent

    def test_has_a_line_of_a_bounded_length(self, silent: socket.socket, change: Change) -> None:
        change(code_wait_ms=0, pay_threads=1, pay_queue_max=1)
        ended: list[type[object]] = []

        for number in range(8):
            try:
                ended.append(type(send(address=f"{number}@example.com", caller=str(number))))
            except CodeNotSent as error:
                ended.append(type(error))

        assert ended[0] is SentCode
        assert ended[-1] is CodeNotSent
        # Nobody pays for what was not even tried.
        assert counted() <= {0, 1, ended.count(SentCode)}
