"""A mail server as the sender of messages, over SMTP (RFC 5321), with the standard library."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import partial
from urllib.parse import unquote, urlsplit

from evertill.domains.messages import Letter, LetterPostponed, LetterRefused, Post, SenderUnavailable, SendingUnclear
from evertill.kernel.config import Config
from evertill.kernel.errors import ConfigError
from evertill.kernel.settings import variable

# Scheme → usual port.
_PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
# What a server says when it does not believe who we are, or is closing: it concerns every letter.
_NOT_WELCOME = {421, 530, 534, 535, 538}
_FINAL = 500


class SmtpSender:
    """One mail server. Letters go over a connection one after the other."""

    def __init__(self, *, settings: Config) -> None:
        self._settings = settings
        self._from = _address(parseaddr(settings.mail_from))
        try:
            url = urlsplit(settings.smtp_url)
            port = url.port
        except ValueError:
            raise _unusable() from None
        if url.scheme not in _PORTS or not url.hostname or url.path.strip("/"):
            raise _unusable()
        self._scheme, self._host, self._port = url.scheme, url.hostname, port or _PORTS[url.scheme]
        self._user, self._password = unquote(url.username or ""), unquote(url.password or "")

    @contextmanager
    def open(self) -> Iterator[Post]:
        """This function will connect, encrypt and sign in; raises SenderUnavailable."""
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise _unavailable(error) from error
        try:
            yield partial(self._post, server)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _connect(self) -> smtplib.SMTP:
        seconds = self._settings.smtp_timeout_ms / 1000
        server: smtplib.SMTP
        # Named, because the library would otherwise ask the network for this machine's name.
        if self._scheme == "smtps":
            server = smtplib.SMTP_SSL(
                self._host,
                self._port,
                local_hostname=self._from.domain,
                timeout=seconds,
                context=ssl.create_default_context(),
            )
        else:
            server = smtplib.SMTP(self._host, self._port, local_hostname=self._from.domain, timeout=seconds)
        try:
            if self._scheme == "smtp":
                # Raises where the server cannot encrypt; nothing is said in the open.
                server.starttls(context=ssl.create_default_context())
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    def _post(self, server: smtplib.SMTP, letter: Letter) -> None:
        mail = self._mail(letter)
        try:
            server.send_message(mail, from_addr=self._from.addr_spec, to_addrs=[mail["To"].addresses[0].addr_spec])
        except smtplib.SMTPRecipientsRefused as refusal:
            code, said = next(iter(refusal.recipients.values()))
            raise _refusal(code, said) from refusal
        except smtplib.SMTPDataError as refusal:
            raise _refusal(refusal.smtp_code, refusal.smtp_error) from refusal
        except smtplib.SMTPNotSupportedError as refusal:
            raise LetterRefused("The mail server cannot write to this address.") from refusal
        except (OSError, smtplib.SMTPException) as error:
            # The server may have taken it before the connection broke.
            raise SendingUnclear(_unavailable(error).detail) from error

    def _mail(self, letter: Letter) -> EmailMessage:
        # Seven bits pass everywhere, whatever a server says that it can do.
        mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
        try:
            mail["From"] = self._from
            # Read strictly, so that no address can smuggle in another, or a header.
            mail["To"] = _address(("", letter.to))
            mail["Subject"] = letter.subject
        except (ConfigError, ValueError) as error:
            raise LetterRefused("This is no address that can be written to.") from error
        mail["Date"] = format_datetime(letter.written_at)
        mail["Message-ID"] = f"<{letter.reference}@{self._from.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = letter.language
        mail.set_content(letter.body)
        return mail


def _address(parts: tuple[str, str]) -> Address:
    name, text = parts
    local, at, domain = text.rpartition("@")
    try:
        if not (local and at):
            raise ValueError(text)
        return Address(display_name=name, addr_spec=f"{local}@{domain.encode('idna').decode()}")
    # What the library meets in an address that is none.
    except (ValueError, IndexError, MessageError):
        raise ConfigError(f"{variable('mail_from')} is no address that mail can be from.") from None


def _unusable() -> ConfigError:
    # The address itself may have a password in it.
    return ConfigError(f"{variable('smtp_url')} takes one of {', '.join(f'{s}://' for s in _PORTS)} and a host.")


def _unavailable(error: Exception) -> SenderUnavailable:
    code = f" {error.smtp_code}" if isinstance(error, smtplib.SMTPResponseException) else ""
    return SenderUnavailable(f"The mail server cannot be used: {type(error).__name__}{code}.")


def _refusal(code: int, said: bytes | str) -> Exception:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    told = f"{code} {' '.join(text.split())}"[:200]
    if code in _NOT_WELCOME:
        return SenderUnavailable(f"The mail server does not want us: {code}.")
    return LetterRefused(told) if code >= _FINAL else LetterPostponed(told)
