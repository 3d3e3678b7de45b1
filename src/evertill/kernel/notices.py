"""Telling other processes, through the database, that something changed; whoever hears it looks for himself.

A notification is a courtesy and no promise. It is sent after the commit and not within it, because PostgreSQL lets only
one transaction that notifies commit at a time: within it, every payment of a shop would wait for every other's disk,
and with a standby for its network. So one that is lost with its process harms nobody only because listeners look by
themselves now and then as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import structlog
from django.db import connection, transaction

from evertill.kernel import db
from evertill.kernel.arrays import Texts

_log = structlog.get_logger(__name__)

# PostgreSQL takes 8,000 bytes in one; an identifier has up to 19 digits.
_SUBJECTS_MAX = 390


def announce(*, channel: str, subjects: Sequence[int]) -> None:
    """This function will tell that these have changed, once the transaction around the call has been committed."""
    if subjects:
        transaction.on_commit(partial(_send, channel, tuple(subjects)))


def read(payload: str) -> Iterator[int]:
    """This function will give the subjects of one notification."""
    return (int(subject) for subject in payload.split(",") if subject.isdigit())


def _send(channel: str, subjects: tuple[int, ...]) -> None:
    payloads = [
        ",".join(map(str, subjects[first : first + _SUBJECTS_MAX])) for first in range(0, len(subjects), _SUBJECTS_MAX)
    ]
    try:
        db.fetch("select pg_notify(%s, payload) from unnest(%s::text[]) as told(payload)", (channel, Texts(payloads)))
    except Exception as error:  # noqa: BLE001 — what was committed stands, whatever becomes of telling others.
        _log.warning("notice.lost", channel=channel, error=str(error)[:200])
        if db.is_connection_lost(error):
            connection.close()
