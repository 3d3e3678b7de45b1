"""A job worker, with its timetable or without: `python -m tests.worker.one_worker [--timetable]`."""

from __future__ import annotations

import sys

import django

django.setup()

from procrastinate.contrib.django import app  # noqa: E402 — Django has to stand first.

from evertill.entry.worker import jobs as _jobs  # noqa: E402, F401 — imported so that the timetable is filled.
from evertill.entry.worker.run import run  # noqa: E402

if "--timetable" not in sys.argv:
    app.periodic_registry.periodic_tasks.clear()
run()
