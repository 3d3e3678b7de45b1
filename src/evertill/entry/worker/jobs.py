"""The timetable: what the clock sets off, and how often. Each job calls one journey; doing it twice is harmless.

A job holds no `lock` of the queue: the lock of a dead worker's job would keep out its successors until it is rescued
(procrastinate #1408). The queueing lock only keeps one from waiting behind itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog
from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext

from evertill.entry.worker.meters import ALERTS_OPEN
from evertill.journeys import anchor_journal as journalling
from evertill.journeys import anchor_trail as anchoring
from evertill.journeys import delete_my_account as deleting
from evertill.journeys import deliver_codes as delivering
from evertill.journeys import expire_reservations as expiring
from evertill.journeys import find_claimed as claiming
from evertill.journeys import finish_submission as finishing
from evertill.journeys import follow_payments as following
from evertill.journeys import forget_old as forgetting
from evertill.journeys import index_products as indexing
from evertill.journeys import keep_submission as keeping
from evertill.journeys import make_findable as making
from evertill.journeys import plan_prices as planning
from evertill.journeys import reconcile_bill as reconciling
from evertill.journeys import recover_account as recovering
from evertill.journeys import run_bulk as bulks
from evertill.journeys import seal_receipts as sealing
from evertill.journeys import send_messages as sending
from evertill.journeys import verify_trail as verifying
from evertill.journeys import watch_alerts as watching
from evertill.journeys.make_bulk import RUN
from evertill.journeys.receive_webhooks import HANDLE
from evertill.kernel import clock, config, db

_log = structlog.get_logger("evertill.jobs")

# Batches of one run; what is left then is the next run's, a minute later.
_BATCHES_MAX = 1_000
# Bulks that have their turn one after the other.
_BULKS_MAX = 100


@app.periodic(cron="* * * * *")
@app.task(name="expire_reservations", queueing_lock="expire_reservations", pass_context=True)
def expire_reservations(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — the timetable passes it.
    """Expire what was not paid in time, batch by batch, until a batch is not full."""
    limit = config.get().expire_batch_max
    total = 0
    for _ in range(_BATCHES_MAX):
        expired = expiring.expire_reservations(now=clock.now())
        total += expired
        if expired < limit or context.should_abort():
            break
    if total:
        _log.info("reservations expired", orders=total)


@app.periodic(cron=f"* * * * * */{config.get().follow_every_s}")
@app.task(name="poll_payments", queueing_lock="poll_payments", pass_context=True)
def poll_payments(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Ask after every payment and refund that is due, batch by batch, until a batch is not full."""
    names = db.with_connection(lambda: following.find_due_to_follow(now=clock.now()))
    _each_by_itself(context, names, lambda name: following.poll_provider(provider=name, now=clock.now()))


@app.periodic(cron="* * * * *")
@app.task(name="find_orders", queueing_lock="find_orders", pass_context=True)
def find_orders(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Make orders findable for staff, batch by batch, behind those who place them."""
    _until_done(context, lambda: making.make_findable(now=clock.now()), limit=config.get().find_batch_max)


@app.periodic(cron="*/5 * * * *")
@app.task(name="index_products", queueing_lock="index_products", pass_context=True)
def index_products(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Make findable what an older release saved, batch by batch; as a rule there is nothing."""
    _until_done(context, indexing.index_products, limit=config.get().index_batch_max)


@app.periodic(cron="*/5 * * * *")
@app.task(name="poll_disputes", queueing_lock="poll_disputes", pass_context=True)
def poll_disputes(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Ask after every open dispute that is due, batch by batch, until a batch is not full."""
    _until_done(context, lambda: following.poll_disputes(now=clock.now()))


@app.periodic(cron="* * * * *")
@app.task(name=HANDLE, queueing_lock=HANDLE, pass_context=True)
def handle_events(context: JobContext, timestamp: int = 0) -> None:  # noqa: ARG001 — as above, and by nobody else.
    """Handle stored webhooks, batch by batch. Each webhook asks for this; the clock does in case that was lost."""
    names = db.with_connection(lambda: following.find_due_to_handle(now=clock.now()))
    _each_by_itself(context, names, lambda name: following.handle_events_of(provider=name, now=clock.now()))


@app.periodic(cron="* * * * *")
@app.task(name="begin_prices", queueing_lock="begin_prices", pass_context=True)
def begin_prices(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Begin the prices whose moment has come, batch by batch, until there are none."""
    _until_done(context, lambda: planning.begin_prices(now=clock.now()), limit=1)


@app.periodic(cron="* * * * * */10")
@app.task(name="deliver_codes", queueing_lock="deliver_codes", pass_context=True)
def deliver_codes(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Give paid orders their codes, batch by batch, until a batch is not full."""
    _until_done(context, lambda: delivering.deliver_codes(now=clock.now()), limit=config.get().codes_batch_max)


# Often, instead of being asked for: writing a message then costs those who move money nothing more.
@app.periodic(cron="* * * * * */10")
@app.task(name="send_messages", queueing_lock="send_messages", pass_context=True)
def send_messages(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Mail what people are to be told, batch by batch; without a mail server it all waits."""
    _until_done(context, lambda: sending.send_messages(now=clock.now()), limit=config.get().message_batch_max)


# A job of its own, so that a slow gateway holds up no mail.
@app.periodic(cron="* * * * * */10")
@app.task(name="send_sms", queueing_lock="send_sms", pass_context=True)
def send_sms(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Send what people are to be told by SMS, batch by batch; without a gateway it all waits."""
    _until_done(
        context,
        lambda: sending.send_messages(channel=sending.Channel.SMS, now=clock.now()),
        limit=config.get().message_batch_max,
    )


@app.periodic(cron="37 3 * * *")
@app.task(name="remove_old_messages", queueing_lock="remove_old_messages", pass_context=True)
def remove_old_messages(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Remove messages that were written long ago, batch by batch; they name people."""
    _until_done(context, lambda: sending.remove_old_messages(now=clock.now()), limit=config.get().message_batch_max)


@app.periodic(cron="* * * * *")
@app.task(name="settle_submissions", queueing_lock="settle_submissions")
def settle_submissions(timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Note of failed checkouts what their customers have ordered after all."""
    settled = finishing.settle_submissions(now=clock.now())
    if settled:
        _log.info("submissions settled", submissions=settled)


@app.periodic(cron="* * * * *")
@app.task(name="search_claims", queueing_lock="search_claims")
def search_claims(timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Look for what claims are about that the database had no time for when they were filed."""
    searched = claiming.search_filed(now=clock.now())
    if searched:
        _log.info("claims searched", claims=searched)


# Often, because customers are told a day by which it is gone.
@app.periodic(cron="*/10 * * * *")
@app.task(name="remove_old_submissions", queueing_lock="remove_old_submissions", pass_context=True)
def remove_old_submissions(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Remove failed checkouts whose time is over, batch by batch."""
    _until_done(
        context, lambda: keeping.remove_old_submissions(now=clock.now()), limit=config.get().submission_batch_max
    )


@app.periodic(cron="*/5 * * * *")
@app.task(name="tell_recoveries", queueing_lock="tell_recoveries", pass_context=True)
def tell_recoveries(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Tell owners that the wait for their account's recovery is over, batch by batch."""
    _until_done(context, lambda: recovering.tell_ready(now=clock.now()))


@app.periodic(cron="27 * * * *")
@app.task(name="finish_deletions", queueing_lock="finish_deletions")
def finish_deletions(timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Take what came in late of accounts that were deleted, such as the message that told of it."""
    deleting.finish_deletions(now=clock.now())


@app.periodic(cron="7 * * * *")
@app.task(name="forget_old", queueing_lock="forget_old", pass_context=True)
def forget_old(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Forget sign-ins, codes, sessions and counters that are over, batch by batch."""
    _until_done(context, lambda: forgetting.forget_old(now=clock.now()), limit=config.get().forget_batch_max)


# Whoever begins one asks for this; the clock does in case that was lost, and for what waits to be tried again.
@app.periodic(cron="* * * * * */5")
@app.task(name=RUN, queueing_lock=RUN, pass_context=True)
def run_bulks(context: JobContext, timestamp: int = 0) -> None:  # noqa: ARG001 — as above, and by nobody else.
    """Do what staff asked for in bulk, each bulk a batch at a time, until nothing can be done at this moment."""
    batch = config.get().bulk_batch_max
    for _ in range(_BATCHES_MAX):
        # Each has its turn to the end, whatever the others have left.
        going_on = [_run_batch(context, bulk_id, batch) for bulk_id in bulks.list_running(limit=_BULKS_MAX)]
        if not any(going_on) or context.should_abort():
            break


def _run_batch(context: JobContext, bulk_id: int, batch: int) -> bool:
    left = batch
    while left > 0:
        taken = 0 if context.should_abort() else bulks.run_next(bulk_id=bulk_id, limit=left, now=clock.now())
        if not taken:
            return False
        left -= taken
    return True


@app.periodic(cron="47 3 * * *")
@app.task(name="remove_old_bulks", queueing_lock="remove_old_bulks", pass_context=True)
def remove_old_bulks(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Remove bulks that were made long ago, batch by batch."""
    _until_done(context, lambda: bulks.remove_old_bulks(now=clock.now()), limit=config.get().bulks_remove_max)


def _until_done(context: JobContext, batch: Callable[[], int], *, limit: int | None = None) -> None:
    limit = limit or config.get().follow_batch_max
    for _ in range(_BATCHES_MAX):
        if batch() < limit or context.should_abort():
            break


def _each_by_itself(context: JobContext, names: Sequence[str], batch: Callable[[str], int]) -> None:
    """Do one provider's batches beside the others', so that one which does not answer keeps nobody else waiting."""

    def follow(name: str) -> None:
        _until_done(context, lambda: batch(name))

    def follow_apart(name: str) -> None:
        try:
            follow(name)
        finally:
            db.close()

    # The first one, mostly the only one, on the connection that is open already.
    with ThreadPoolExecutor(max(len(names) - 1, 1), thread_name_prefix="follow") as beside:
        others = [beside.submit(follow_apart, name) for name in names[1:]]
        for name in names[:1]:
            follow(name)
    for other in others:
        other.result()


@app.periodic(cron="* * * * *")
@app.task(name="count_alerts", queueing_lock="count_alerts")
def count_alerts(timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Tell the metrics how many alerts are open."""
    for kind, count in watching.count_alerts().items():
        ALERTS_OPEN.labels(kind).set(count)


@app.periodic(cron="* * * * *")
@app.task(name="anchor_trail", queueing_lock="anchor_trail")
def anchor_trail(timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Write down outside the database where the audit trail stands; fails, with an alert, when its end was cut off."""
    anchoring.anchor_trail(now=clock.now())


@app.periodic(cron="* * * * * */10")
@app.task(name="seal_receipts", queueing_lock="seal_receipts", pass_context=True)
def seal_receipts(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Chain what was acknowledged and what became of it; before the first time, give older orders their receipts."""
    for _ in range(_BATCHES_MAX):
        if context.should_abort():
            return
        if sealing.open_journal(now=clock.now()):
            break
    _until_done(context, lambda: sealing.seal_receipts(now=clock.now()), limit=1)
    journalling.note_head(now=clock.now())


@app.periodic(cron="7 4 * * *")
@app.task(name="verify_trail", queueing_lock="verify_trail")
def verify_trail(timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Look through the whole audit trail, with an alert when anything is wrong with it."""
    if wrong := verifying.verify_and_alert(now=clock.now()):
        _log.error("trail broken", findings=wrong)


@app.periodic(cron="20 6-23 * * *")
@app.task(name="reconcile_bills", queueing_lock="reconcile_bills", pass_context=True)
def reconcile_bills(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Compare the bills of the last days with the books; what could not be fetched is tried again an hour later."""
    done = reconciling.reconcile_due(now=clock.now())
    if done:
        _log.info("bills reconciled", bills=done)


@app.periodic(cron="17 3 * * *")
@app.task(name="remove_old_jobs", queueing_lock="remove_old_jobs", pass_context=True)
async def remove_old_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 — as above.
    """Remove what has ended long ago; a queue that only grows ends up slow."""
    await context.app.job_manager.delete_old_jobs(
        nb_hours=config.get().job_keep_h, include_failed=True, include_cancelled=True, include_aborted=True
    )
