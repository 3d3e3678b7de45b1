"""Hearing notifications of the database on a connection of its own, for as long as somebody wants to hear them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
import structlog
from psycopg import sql

from evertill.kernel import config

log = structlog.get_logger(__name__)

# Between two tries to reach a database that is away.
_PAUSE_S = 0.5


async def listen(channel: str, *, heard: Callable[[str], None], deaf: Callable[[], None]) -> None:
    """This function will call `heard` with every notification on a channel until it is cancelled.

    `deaf` is called whenever some may have been missed: as soon as a connection listens, the first and every later one.
    """
    is_away = False
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                config.get().database_url,
                autocommit=True,
                application_name="evertill-listener",
                connect_timeout=5,
                # Nothing is sent over it otherwise: so a line that broke without a word is noticed within a minute.
                keepalives_idle=15,
                keepalives_interval=5,
                keepalives_count=5,
            ) as connection:
                await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                deaf()
                is_away = False
                async for notification in connection.notifies():
                    heard(notification.payload)
        except (psycopg.OperationalError, psycopg.InterfaceError, OSError) as error:
            if not is_away:
                log.warning("listener.away", channel=channel, error=str(error)[:200])
            is_away = True
        await asyncio.sleep(_PAUSE_S)
