"""One web worker on a socket that it is given: `python -m tests.contracts.web_worker FD`."""

from __future__ import annotations

import logging
import socket
import sys

import django

django.setup()

from evertill.entry.site.serve import serve  # noqa: E402 — Django has to stand first.

# Whoever started this waits for the line that says that it has started.
logging.getLogger("uvicorn.error").setLevel(logging.INFO)
serve(socket.socket(fileno=int(sys.argv[1])))
