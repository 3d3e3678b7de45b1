"""One job worker: takes jobs from PostgreSQL until it is told to stop, and rescues those of workers that died.

It ends itself on anything that it does not understand, above all when the database goes away: its supervisor starts a
fresh one, which is the one state that is known to be good.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import app as registered
from procrastinate.contrib.django.utils import connector_params

from evertill.journeys.keep_submission import load_submissions
from evertill.kernel import clock, config, db, log, sql
from evertill.outside.connect import connect

_log = structlog.get_logger("evertill.worker")

# A job that is told to stop has a moment to do so; after the second limit the process ends without it, and another
# worker rescues what it was doing.
_FINISH_SECONDS = 8.0
_END_SECONDS = 10.0
# Nobody told it: the database is away, and no job can come to its end.
_END_SECONDS_UNTOLD = 2.0
_CONNECT_SECONDS = 5.0
_RESCUED_MAX = 1_000
_LOAD_SECONDS = 5.0
# A third of a web worker's share, so that jobs go on also while the shop is flooded.
_NICENESS = 5

# A half-open connection would otherwise keep a worker waiting for hours (procrastinate #1513, #1596).
_NOTICE_DEATH = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}


def run() -> None:
    """This function will do jobs until SIGTERM or SIGINT, finish those under way within 10 seconds, and return.

    Raises whatever makes going on impossible. Django must be set up.
    """
    log.set_up(process="jobs")
    # Its own lines about each step of each job would drown ours; what goes wrong is still told.
    logging.getLogger("procrastinate").setLevel(max(logging.WARNING, logging.getLogger().level))
    connect()
    # Where both want the processor, a customer who waits for an answer comes before a job that nobody waits for.
    os.nice(_NICENESS)
    asyncio.run(_work())


async def _work() -> None:
    limits = config.get()
    loop = asyncio.get_running_loop()
    # Jobs are ordinary functions. Each thread keeps one connection to the database, so there are no more than needed.
    loop.set_default_executor(ThreadPoolExecutor(limits.job_threads, thread_name_prefix="job"))
    connector = PsycopgConnector(
        kwargs=connector_params("default") | _NOTICE_DEATH, min_size=1, max_size=3, timeout=_CONNECT_SECONDS
    )
    with registered.replace_connector(connector) as app:
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    name="jobs",
                    concurrency=limits.job_threads,
                    shutdown_graceful_timeout=_FINISH_SECONDS,
                    update_heartbeat_interval=limits.job_heartbeat_s,
                    stalled_worker_timeout=limits.job_stalled_s,
                    install_signal_handlers=False,
                )
            )
            rescuer = asyncio.create_task(_rescue_forever(app, stalled_s=limits.job_stalled_s))
            loader = asyncio.create_task(_load_forever())
            told = asyncio.create_task(_told_to_stop(loop))
            await asyncio.wait((worker, rescuer, loader, told), return_when=asyncio.FIRST_COMPLETED)
            was_told = told.done()
            _log.info("worker stopping", finish_s=_FINISH_SECONDS if was_told else _END_SECONDS_UNTOLD)
            # From here on it ends, whatever hangs; after a lost connection that could be the library itself.
            loop.call_later(_END_SECONDS if was_told else _END_SECONDS_UNTOLD, _end_at_once)
            for task in (worker, rescuer, loader, told):
                task.cancel()
            ended = await asyncio.gather(worker, rescuer, loader, return_exceptions=True)
    _log.info("worker stopped")
    if not was_told:
        raise next((error for error in ended if isinstance(error, Exception)), RuntimeError("The worker just ended."))


async def _told_to_stop(loop: asyncio.AbstractEventLoop) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()


def _end_at_once() -> None:
    _log.error("worker ended in the middle of a job, which another worker will rescue")
    os._exit(1)


async def _load_forever() -> None:
    """Bring what this machine kept while the database was away into it: no job, since each machine has its own."""
    while True:
        await asyncio.to_thread(_load)
        await asyncio.sleep(_LOAD_SECONDS)


def _load() -> None:
    try:
        loaded = load_submissions(now=clock.now())
    except (db.DatabaseUnavailable, db.OutcomeUnknown) as error:
        _log.warning("submissions not loaded", error=error.code)
        db.close()
        return
    except Exception:  # noqa: BLE001 — logged whole; the next look may do better, and the worker has other things to do.
        _log.exception("submissions not loaded")
        return
    if loaded:
        _log.info("submissions loaded", submissions=loaded)


async def _rescue_forever(app: App, *, stalled_s: int) -> None:
    """Rescue at once, and then again and again: beside the queue, so that no stuck job can keep it from working."""
    statement = sql.load("evertill.entry.worker", "rescue")
    while True:
        rescued = await app.connector.execute_query_all_async(statement, stalled_s=stalled_s, jobs_max=_RESCUED_MAX)
        for job in rescued:
            _log.warning(
                "job of a dead worker dropped, since the same job waits already"
                if job["is_superseded"]
                else "job of a dead worker put back into the queue",
                job=job["id"],
                task=job["task_name"],
                attempts=job["attempts"],
            )
        await asyncio.sleep(stalled_s / 2)
