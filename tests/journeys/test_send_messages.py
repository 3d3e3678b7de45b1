"""Messages on their way to customers, through a mail server that really is another process."""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from structlog.testing import capture_logs

from evertill.domains import incidents, messages
from evertill.domains.messages import Channel, Kind, NewMessage, State
from evertill.journeys.send_messages import remove_old_messages, retry_message, send_messages
from evertill.kernel import config, db
from evertill.kernel.errors import ConfigError
from evertill.outside.smtp_sender import SmtpSender
from tests import postbox as postboxes
from tests import tables
from tests.askers import MACHINE
from tests.builders import NOON
from tests.outside.ports import deaf_port
from tests.postbox import PASSWORD, USER, Postbox
from tests.threads import together

MINUTE = dt.timedelta(minutes=1)
ADA = "ada@example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postbox]:
    with postboxes.running(tmp_path_factory.mktemp("postbox")) as running:
        yield running


@pytest.fixture
def postbox(server: Postbox, committed_db: None) -> Iterator[Postbox]:
    """An empty mail server that this process sends to."""
    (server.folder / "kept").unlink(missing_ok=True)
    with connected(f"smtp+plain://127.0.0.1:{server.port}"):
        yield server
    server.cheer_up()


@contextmanager
def connected(url: str, **settings: object) -> Iterator[None]:
    messages.register({Channel.EMAIL: sender(url, **settings)})
    try:
        yield
    finally:
        messages.register({})


def sender(url: str, **settings: object) -> SmtpSender:
    values = {"smtp_url": url, "mail_from": "Tea & Cups <shop@tea.example>", "smtp_timeout_ms": 30_000, **settings}
    fields = {name: getattr(config.get(), name) for name in config.Config.__slots__}
    return SmtpSender(settings=config.Config(**{**fields, **values}))


def write(*keys: str, to: str = ADA, language: str = "en", now: dt.datetime = NOON) -> None:
    facts = {"order": "0E9W-9MHZ-4G9XQ", "amount": "250", "currency": "GBP"}
    new = [
        NewMessage(key=key, kind=Kind.ORDER_PAID, order_id=1, to=to, language=language, facts=facts)
        for key in keys or ("paid:1",)
    ]
    with db.write():
        messages.write(new=new, now=now)


def state_of(key: str = "paid:1") -> tuple[State, int, str]:
    message = messages.find(key=key)
    assert message is not None
    return message.state, message.tries, message.error


def alerts() -> list[tuple[str, str]]:
    return [(alert.kind, alert.subject) for alert in incidents.read_open_alerts(limit=10)]


class TestSend:
    def test_sends_each_once(self, postbox: Postbox) -> None:
        write("paid:1")
        write("paid:1", "paid:2")

        assert send_messages(now=NOON) == 2
        assert send_messages(now=NOON + dt.timedelta(days=1)) == 0

        assert postbox.recipients() == [ADA, ADA]
        assert (state_of("paid:1"), state_of("paid:2")) == ((State.SENT, 1, ""), (State.SENT, 1, ""))
        assert alerts() == []

    def test_writes_a_proper_letter(self, postbox: Postbox) -> None:
        write()

        send_messages(now=NOON)

        (mail,) = postbox.mails()
        assert {name: str(mail[name]) for name in ("From", "To", "Subject", "Date", "Auto-Submitted")} == {
            "From": "Tea & Cups <shop@tea.example>",
            "To": ADA,
            "Subject": "Order 0E9W-9MHZ-4G9XQ is paid",
            "Date": "Sun, 22 Nov 2026 12:00:00 +0000",
            "Auto-Submitted": "auto-generated",
        }
        assert mail["Message-ID"].endswith("@tea.example>")
        assert mail.get_content().startswith("Hello,\n\nWe have received 2.50 GBP for your order 0E9W-9MHZ-4G9XQ.")

    def test_speaks_chinese(self, postbox: Postbox) -> None:
        write(language="zh-hans")

        send_messages(now=NOON)

        (mail,) = postbox.mails()
        assert mail["Subject"] == "订单 0E9W-9MHZ-4G9XQ 已付款"
        assert "我们已收到您为订单 0E9W-9MHZ-4G9XQ 支付的 2.50 GBP。" in mail.get_content()

    def test_is_not_doubled_by_two_at_once(self, postbox: Postbox) -> None:
        write(*[f"paid:{place}" for place in range(20)])

        counts = together(*[partial(send_messages, now=NOON)] * 2)

        assert sum(counts) == len(postbox.mails()) == 20

    def test_waits_without_a_mail_server(self, committed_db: None) -> None:
        messages.register({})
        write()

        assert send_messages(now=NOON) == 0
        assert state_of() == (State.WAITING, 0, "")


class Recorder:
    """A sender that keeps letters, or raises what it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.letters: list[messages.Letter] = []
        self.error = error

    @contextmanager
    def open(self) -> Iterator[messages.Post]:
        yield self._post

    def _post(self, letter: messages.Letter) -> None:
        self.letters.append(letter)
        if self.error is not None:
            raise self.error


def write_to_account(*keys: str, channel: Channel = Channel.EMAIL, to: str = ADA) -> None:
    facts = {"order": "0E9W-9MHZ-4G9XQ", "amount": "250", "currency": "GBP"}
    new = [
        NewMessage(key=key, kind=Kind.ORDER_PAID, account_id=7, channel=channel, to=to, language="en", facts=facts)
        for key in keys
    ]
    with db.write():
        messages.write(new=new, now=NOON)


@pytest.mark.usefixtures("committed_db")
class TestChannels:
    @pytest.fixture(autouse=True)
    def nobody(self) -> Iterator[None]:
        yield
        messages.register({})

    def test_each_has_its_own_sender(self) -> None:
        mail, sms = Recorder(), Recorder()
        messages.register({Channel.EMAIL: mail, Channel.SMS: sms})
        write_to_account("a")
        write_to_account("b", channel=Channel.SMS, to="+8613800000000")

        assert [send_messages(channel=channel, now=NOON) for channel in Channel] == [1, 1]

        assert [letter.to for letter in mail.letters] == [ADA]
        assert [letter.to for letter in sms.letters] == ["+8613800000000"]

    def test_one_without_a_sender_waits_and_holds_up_no_other(self) -> None:
        mail = Recorder()
        messages.register({Channel.EMAIL: mail})
        write_to_account("a", channel=Channel.SMS, to="+8613800000000")
        write_to_account("b")

        assert [send_messages(channel=channel, now=NOON) for channel in Channel] == [1, 0]
        send_messages(now=NOON + dt.timedelta(days=30))

        assert state_of("a") == (State.WAITING, 0, "")

    def test_where_nothing_is_set_up_account_holders_are_told_in_the_owners_file_and_orders_wait(self) -> None:
        file = Recorder()
        messages.register({}, stand_ins={Channel.EMAIL: file})
        write("paid:1")
        write_to_account("a")

        assert send_messages(now=NOON + dt.timedelta(days=30)) == 1

        assert (state_of("a")[0], state_of("paid:1")) == (State.SENT, (State.WAITING, 0, ""))

    def test_a_gateway_that_is_away_raises_an_alert_of_its_own(self) -> None:
        messages.register({Channel.SMS: Recorder(messages.SenderUnavailable("No."))})
        write_to_account("a", channel=Channel.SMS)

        send_messages(channel=Channel.SMS, now=NOON + 61 * MINUTE)

        assert alerts() == [("MESSAGE_UNDELIVERABLE", "SMS gateway")]
        assert state_of("a") == (State.WAITING, 0, "")

    def test_an_sms_that_may_have_gone_out_is_not_paid_for_again_and_again(self) -> None:
        sms = Recorder(messages.SendingUnclear("Silence."))
        messages.register({Channel.SMS: sms})
        write_to_account("a", channel=Channel.SMS)

        for hour in range(24):
            send_messages(channel=Channel.SMS, now=NOON + dt.timedelta(hours=hour))

        assert len(sms.letters) == 3
        assert state_of("a") == (State.UNDELIVERABLE, 3, "Silence.")


@pytest.mark.django_db
class TestOfAnAccount:
    def test_can_be_read_and_removed_but_for_what_waits(self) -> None:
        write_to_account("a", "b")
        write("paid:1")
        found = messages.find(key="a")
        assert found is not None
        messages.finish(message=found, state=State.SENT, now=NOON)

        assert [message.key for message in messages.read_of_account(account_id=7, limit=10)] == ["a", "b"]
        assert messages.remove_of_account(account_id=7) == 1
        assert [message.key for message in messages.read_of_account(account_id=7, limit=10)] == ["b"]

    def test_a_message_tells_of_an_order_or_an_account(self) -> None:
        new = NewMessage(key="a", kind=Kind.ORDER_PAID, to=ADA, language="en", facts={})

        with pytest.raises(psycopg.errors.CheckViolation, match="messages_message_about_something"), db.write():
            messages.write(new=[new], now=NOON)


class TestTrouble:
    def test_a_server_that_is_down_costs_no_try_and_is_not_asked_again_at_once(self, postbox: Postbox) -> None:
        write("paid:1", "paid:2")
        with deaf_port() as port, connected(f"smtp+plain://127.0.0.1:{port}"):
            assert send_messages(now=NOON) == 0
            assert state_of() == (State.WAITING, 0, "")
            assert alerts() == []

            send_messages(now=NOON + 60 * MINUTE)
            assert alerts() == [("MESSAGE_UNDELIVERABLE", "mail server")]

        with connected(f"smtp+plain://127.0.0.1:{postbox.port}"):
            assert send_messages(now=NOON + 61 * MINUTE) == 2
        assert alerts() == []

    def test_a_refusal_for_good_ends_it_with_an_alert(self, postbox: Postbox) -> None:
        postbox.mood(ADA, "550")
        write("paid:1")
        write("paid:2", to="bob@example.com")

        with capture_logs() as logs:
            assert send_messages(now=NOON) == 2

        assert state_of() == (State.UNDELIVERABLE, 1, f"550 <{ADA}> no")
        assert state_of("paid:2")[0] is State.SENT
        assert alerts() == [("MESSAGE_UNDELIVERABLE", "paid:1")]
        assert send_messages(now=NOON + 100 * MINUTE) == 0
        # Logs name no customer.
        assert ADA not in str(logs)

    def test_one_that_was_given_up_can_be_tried_again(self, postbox: Postbox) -> None:
        postbox.mood(ADA, "554")
        write()
        send_messages(now=NOON)
        assert state_of()[0] is State.UNDELIVERABLE
        postbox.cheer_up()

        retry_message(key="paid:1", asker=MACHINE, now=NOON + MINUTE)

        assert (alerts(), send_messages(now=NOON + MINUTE)) == ([], 1)
        assert postbox.recipients() == [ADA]
        with pytest.raises(messages.MessageNotUndeliverable):
            retry_message(key="paid:1", asker=MACHINE, now=NOON)

    def test_a_passing_refusal_is_tried_again_ever_more_seldom(self, postbox: Postbox) -> None:
        postbox.mood(ADA, "451")
        write()

        tries = []
        for place in range(8):
            send_messages(now=NOON + place * MINUTE)
            tries.append(state_of()[1])

        assert tries == [1, 2, 2, 3, 3, 3, 3, 4]
        postbox.cheer_up()
        send_messages(now=NOON + 15 * MINUTE)
        assert state_of()[0] is State.SENT

    def test_a_passing_refusal_that_does_not_pass_ends(self, postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("evertill.kernel.config.get", partial(_with, config.get(), message_tries_max=2))
        postbox.mood(ADA, "451")
        write()

        send_messages(now=NOON)
        send_messages(now=NOON + MINUTE)

        assert state_of() == (State.UNDELIVERABLE, 2, f"451 <{ADA}> no")
        assert alerts() == [("MESSAGE_UNDELIVERABLE", "paid:1")]

    def test_a_death_after_sending_doubles_it_at_most_under_the_same_id(
        self, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Died(BaseException):
            pass

        def die(**_: object) -> None:
            raise Died

        write()
        with monkeypatch.context() as dying:
            dying.setattr("evertill.domains.messages.finish", die)
            with pytest.raises(Died):
                send_messages(now=NOON)

        assert send_messages(now=NOON + MINUTE) == 0
        assert send_messages(now=NOON + 5 * MINUTE) == 1

        first, second = postbox.mails()
        assert first["Message-ID"] == second["Message-ID"]
        assert send_messages(now=NOON + 60 * MINUTE) == 0

    def test_a_server_that_hangs_up_after_taking_it_gets_it_again_under_the_same_id(self, postbox: Postbox) -> None:
        postbox.mood(ADA, "cut")
        write()
        send_messages(now=NOON)
        assert state_of() == (State.WAITING, 0, "")
        postbox.cheer_up()

        send_messages(now=NOON + MINUTE)

        assert state_of() == (State.SENT, 1, "")
        assert len({mail["Message-ID"] for mail in postbox.mails()}) == 1

    def test_what_waited_too_long_is_given_up_with_one_alert(self, postbox: Postbox) -> None:
        write("paid:1", "paid:2")

        assert send_messages(now=NOON + dt.timedelta(hours=73)) == 0

        assert postbox.mails() == []
        assert state_of() == (State.UNDELIVERABLE, 0, "waited too long")
        assert alerts() == [("MESSAGE_UNDELIVERABLE", "messages that waited too long")]

    def test_what_was_written_long_ago_is_removed(self, postbox: Postbox) -> None:
        write("paid:1")
        write("paid:2", now=NOON + dt.timedelta(days=80))

        assert remove_old_messages(now=NOON + dt.timedelta(days=91)) == 1

        assert [row[0] for row in tables.rows("messages_message")] == ["paid:2"]

    def test_a_kind_of_a_newer_release_is_given_up(self, postbox: Postbox) -> None:
        with db.write():
            db.execute("update messages_message set kind = 'BIRTHDAY'")
        write()
        with db.write():
            db.execute("update messages_message set kind = 'BIRTHDAY'")

        send_messages(now=NOON)

        assert state_of()[0] is State.UNDELIVERABLE

    def test_a_fault_that_nobody_foresaw_delays_the_others_by_one_run(self, postbox: Postbox) -> None:
        real = sender(f"smtp+plain://127.0.0.1:{postbox.port}")

        class Moody:
            @contextmanager
            def open(self) -> Iterator[messages.Post]:
                with real.open() as post:

                    def post_some(letter: messages.Letter) -> None:
                        if letter.to == ADA:
                            raise RuntimeError("a bug")
                        post(letter)

                    yield post_some

        messages.register({Channel.EMAIL: Moody()})
        write("paid:1")
        write("paid:2", to="bob@example.com")

        with capture_logs() as logs:
            send_messages(now=NOON)
            send_messages(now=NOON)

        assert [log["event"] for log in logs] == ["message failed"]
        assert (state_of("paid:1"), state_of("paid:2")[0]) == ((State.WAITING, 1, ""), State.SENT)


class TestAddresses:
    @pytest.mark.parametrize(
        "to", ["a,b@example.com", "<a@example.com", "a b@example.com", "a@example.com\nBcc: eve@example.com", "a", "a@"]
    )
    def test_that_would_smuggle_something_in_are_refused(self, postbox: Postbox, to: str) -> None:
        write(to=to)

        send_messages(now=NOON)

        assert postbox.mails() == []
        assert state_of()[0] is State.UNDELIVERABLE

    @pytest.mark.parametrize(
        ("to", "there"),
        [("o'neil+tea@example.com", "o'neil+tea@example.com"), ("a@tée.example", "a@xn--te-bja.example")],
    )
    def test_that_are_unusual_are_written_to(self, postbox: Postbox, to: str, there: str) -> None:
        write(to=to)

        send_messages(now=NOON)

        assert postbox.recipients() == [there]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that nobody has signed but itself, and its key, in one file."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "postbox")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


class TestEncryption:
    @pytest.mark.parametrize(("encryption", "scheme"), [("tls", "smtps"), ("starttls", "smtp")])
    def test_comes_before_the_password(
        self,
        tmp_path: Path,
        certificate: Path,
        committed_db: None,
        monkeypatch: pytest.MonkeyPatch,
        encryption: str,
        scheme: str,
    ) -> None:
        with postboxes.running(tmp_path, encryption=encryption, certificate=certificate) as box:
            url = f"{scheme}://{USER}:p%40ss%3Aw%2Frd@127.0.0.1:{box.port}"
            write()
            with connected(url), capture_logs() as logs:
                # Nobody here trusts this certificate.
                assert send_messages(now=NOON) == 0
            assert logs[-1]["why"] == "The mail server cannot be used: SSLCertVerificationError."

            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            with connected(url.replace("p%40ss", "guess")), capture_logs() as logs:
                assert send_messages(now=NOON + MINUTE) == 0
            assert logs[-1]["why"] == "The mail server cannot be used: SMTPAuthenticationError 535."
            assert PASSWORD not in str(logs)

            with connected(url):
                assert send_messages(now=NOON + 2 * MINUTE) == 1
            assert box.recipients() == [ADA]

    def test_is_not_done_without(self, postbox: Postbox) -> None:
        write()
        with connected(f"smtp://127.0.0.1:{postbox.port}"), capture_logs() as logs:
            assert send_messages(now=NOON) == 0

        assert logs[-1]["why"] == f"The mail server cannot be used: {smtplib.SMTPNotSupportedError.__name__}."
        assert postbox.mails() == []


class TestSettings:
    @pytest.mark.parametrize("url", ["http://host", "smtp://", "smtps://host:port", "host:25", "smtp://host/path"])
    def test_that_are_no_mail_server_are_refused_without_telling_them(self, url: str) -> None:
        with pytest.raises(ConfigError, match="EVERTILL_SMTP_URL takes one of"):
            sender(url)

    @pytest.mark.parametrize("mail_from", ["nobody", "@x", "a,b@c"])
    def test_must_say_whom_mail_is_from(self, mail_from: str) -> None:
        with pytest.raises(ConfigError, match="EVERTILL_MAIL_FROM is no address"):
            sender("smtps://host", mail_from=mail_from)


def _with(settings: config.Config, **changes: object) -> config.Config:
    fields = {name: getattr(settings, name) for name in config.Config.__slots__}
    return config.Config(**{**fields, **changes})
