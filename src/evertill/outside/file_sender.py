"""A file as the sender of messages: where no mail server and no gateway is set up, the owner reads them there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from evertill.domains.messages import Channel, Letter, LetterRefused, Post, SenderUnavailable
from evertill.kernel import clock, files
from evertill.kernel.config import Config

_log = structlog.get_logger("evertill.messages")

# From the data folder. What is there belongs to the owner alone, for it opens accounts.
_FOLDER, _FILE, _BEFORE = "messages", "messages.jsonl", "messages-before.jsonl"
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


class FileSender:
    """A line of JSON for each message, in a file that is begun anew when it is full; the one before it is kept."""

    def __init__(self, *, channel: Channel, settings: Config) -> None:
        self._channel = channel
        self._folder = settings.data / _FOLDER
        self._bytes_max = settings.message_file_bytes_max

    @contextmanager
    def open(self) -> Iterator[Post]:
        """This function will see that the folder is there; raises SenderUnavailable."""
        try:
            self._folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        except OSError as error:
            raise _unavailable(error) from error
        yield self._post

    def _post(self, letter: Letter) -> None:
        told = {
            "at": clock.as_text(letter.written_at),
            "channel": self._channel.value,
            "to": letter.to,
            "subject": letter.subject,
            "body": letter.body,
        }
        line = json.dumps(told, ensure_ascii=False).encode() + b"\n"
        if len(line) > self._bytes_max:
            raise LetterRefused("The message is larger than its file may be.")
        try:
            self._append(line)
        except OSError as error:
            raise _unavailable(error) from error
        # Never what it says or whom it is for: a code is as good as a password.
        _log.info("message written to a file", channel=self._channel.value, file=str(self._folder / _FILE))

    def _append(self, line: bytes) -> None:
        path = self._folder / _FILE
        # Every worker of the machine writes here.
        with files.lock(self._folder / ".lock"):
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(path, flags, _FILE_MODE)
            try:
                if os.fstat(descriptor).st_size + len(line) > self._bytes_max:
                    path.replace(self._folder / _BEFORE)
                    os.close(descriptor)
                    descriptor = os.open(path, flags, _FILE_MODE)
                os.fchmod(descriptor, _FILE_MODE)
                os.write(descriptor, line)
            finally:
                os.close(descriptor)


def _unavailable(error: OSError) -> SenderUnavailable:
    return SenderUnavailable(f"The file for messages cannot be written: {type(error).__name__}.")
