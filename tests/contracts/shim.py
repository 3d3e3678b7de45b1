"""`evertill` for shells that tests write for, without the second that each new process takes to import it.

A shell's function of that name begins this file, which hands what it was called with to the test that waits at a
socket: words, environment, folder and open files. The test has the command born in the nursery.
"""

from __future__ import annotations

import json
import os
import shlex
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_MESSAGE_BYTES_MAX = 1 << 17
_WORD_BYTES_MAX = 64


@contextmanager
def door(folder: Path) -> Iterator[str]:
    """Listens in a folder while the block runs; gives the definition of `evertill` for a bash that is to call here."""
    place = folder / "door"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(str(place))
        listening.listen()
        threading.Thread(target=_answer, args=[listening], daemon=True).start()
        begun = shlex.join([sys.executable, "-I", "-S", __file__, str(place)])
        try:
            yield f'evertill() {{ {begun} "$@"; }}'
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            place.unlink()


def _answer(listening: socket.socket) -> None:
    while True:
        try:
            line, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=[line], daemon=True).start()


def _serve(line: socket.socket) -> None:
    from tests import nursery

    with line, ExitStack() as stack:
        message, numbers, _, _ = socket.recv_fds(line, _MESSAGE_BYTES_MAX, 3)
        stdin, stdout, stderr = (stack.enter_context(os.fdopen(number, "r+b", buffering=0)) for number in numbers)
        asked = json.loads(message)
        process = nursery.begin(
            "evertill",
            *asked["words"],
            env=asked["env"],
            cwd=Path(asked["cwd"]),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
        stack.close()
        line.send(str(process.wait()).encode())


def main(place: str, words: list[str]) -> int:
    """This function will have a command done by who listens at a place, and return how it ended."""
    asked = json.dumps({"words": words, "env": dict(os.environ), "cwd": str(Path.cwd())}).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.connect(place)
        socket.send_fds(line, [asked], [0, 1, 2])
        # One that ended without a word has failed.
        return int(line.recv(_WORD_BYTES_MAX) or 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
