"""A mail server that only keeps mail: a process of its own, spoken to over SMTP, as moody as a test wants.

A file beside it says how it answers for one address: `ada@example.com.550` refuses it for good, `….451` puts it off,
`….cut` keeps the mail and hangs up without an answer, as a server that dies at the worst moment does.

A test needs an hour's worth of RFC 5321, and the server that Python's own documents point to has not had a release
since May 2024.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from tests.kernel.waiting import until

USER, PASSWORD = "shop", "p@ss:w/rd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Postbox:
    """A running mail server."""

    folder: Path
    port: int

    def mails(self) -> list[EmailMessage]:
        """What it has kept, in the order in which it came."""
        return [_parse(told["mail"]) for told in self._kept()]

    def recipients(self) -> list[str]:
        """Whom each of those is for, as the envelope says."""
        return [told["to"] for told in self._kept()]

    def mood(self, address: str, how: str) -> None:
        (self.folder / f"{address}.{how}").touch()

    def cheer_up(self) -> None:
        for how in ("550", "451", "554", "cut"):
            for file in self.folder.glob(f"*.{how}"):
                file.unlink()

    def _kept(self) -> list[dict[str, str]]:
        file = self.folder / "kept"
        if not file.exists():
            return []
        # Behind the last line there may be one that is being written.
        *lines, _ = file.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines]


def _parse(text: str) -> EmailMessage:
    mail = message_from_string(text.replace("\r\n", "\n"), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


@contextmanager
def running(folder: Path, *, encryption: str = "", certificate: Path | None = None) -> Iterator[Postbox]:
    """A mail server while the block runs; `encryption` is "tls" or "starttls", and then it wants a password too."""
    words = [str(folder), encryption or "plain", str(certificate or "")]
    process = subprocess.Popen([sys.executable, "-m", "tests.postbox", *words])
    try:
        port = folder / "port"
        until(lambda: port.exists() and port.read_text(encoding="utf-8"))
        yield Postbox(folder=folder, port=int(port.read_text(encoding="utf-8")))
    finally:
        process.terminate()
        process.wait(timeout=60)


class _Session:
    """One connection."""

    def __init__(
        self,
        folder: Path,
        encryption: str,
        context: ssl.SSLContext | None,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.folder, self.encryption, self.context = folder, encryption, context
        self.reader, self.writer = streams
        self.is_safe = encryption != "starttls"
        self.is_known = encryption == "plain"
        self.to = ""

    async def hold(self) -> None:
        await self.say("220 postbox")
        while line := (await self.reader.readline()).decode("utf-8").rstrip("\r\n"):
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                await self.say("221 bye")
                return
            if not await self.obey(verb.upper(), rest):
                return

    async def obey(self, verb: str, rest: str) -> bool:
        if verb == "EHLO":
            more = ["AUTH PLAIN"] if self.is_safe else ["STARTTLS"]
            await self.say("250-postbox\r\n" + "\r\n".join(["250-SMTPUTF8", "250-8BITMIME", f"250 {more[0]}"]))
        elif verb == "STARTTLS":
            await self.say("220 go ahead")
            await self.writer.start_tls(self.context)  # type: ignore[arg-type]
            self.is_safe = True
        elif verb == "AUTH":
            given = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
            self.is_known = given[1:] == [USER, PASSWORD]
            await self.say("235 welcome" if self.is_known else "535 nobody I know")
        elif verb == "MAIL":
            await self.say("250 ok" if self.is_known else "530 who are you")
        elif verb == "RCPT":
            self.to = rest.partition("<")[2].partition(">")[0]
            await self.say(self.answer("550", "451") or "250 ok")
        elif verb == "DATA":
            return await self.take()
        else:
            await self.say("250 ok")
        return True

    async def take(self) -> bool:
        await self.say("354 go on")
        raw = (await self.reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")
        if said := self.answer("554"):
            await self.say(said)
            return True
        with (self.folder / "kept").open("a", encoding="utf-8") as kept:
            mail = raw.decode("utf-8").replace("\r\n..", "\r\n.")
            kept.write(json.dumps({"to": self.to, "mail": mail}) + "\n")
        if (self.folder / f"{self.to}.cut").exists():
            return False
        await self.say("250 kept")
        return True

    def answer(self, *moods: str) -> str:
        return next((f"{how} <{self.to}> no" for how in moods if (self.folder / f"{self.to}.{how}").exists()), "")

    async def say(self, text: str) -> None:
        self.writer.write(f"{text}\r\n".encode())
        await self.writer.drain()


async def _serve(folder: Path, encryption: str, certificate: str) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Session(folder, encryption, context, (reader, writer)).hold()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    whole = context if encryption == "tls" else None
    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=whole)
    (folder / "port.new").write_text(str(server.sockets[0].getsockname()[1]), encoding="utf-8")
    (folder / "port.new").rename(folder / "port")
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
