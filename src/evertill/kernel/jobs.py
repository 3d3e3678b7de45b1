"""Jobs that a transaction leaves for the worker: there if it commits, and only then."""

from __future__ import annotations

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued


def ask_for(task: str) -> None:
    """This function will have a job run soon, once, however often it is asked for before it begins."""
    try:
        # A savepoint: that it waits already must not end the caller's transaction.
        with transaction.atomic():
            app.configure_task(task, queueing_lock=task, allow_unknown=True).defer()
    except AlreadyEnqueued:
        return
