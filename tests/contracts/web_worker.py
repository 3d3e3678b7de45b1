"""One web worker on a socket that it is given: `python -m tests.contracts.web_worker FD`."""

from __future__ import annotations

import socket
import sys

import django

django.setup()

from evertill.entry.site.serve import serve  # noqa: E402 — Django has to stand first.

serve(socket.socket(fileno=int(sys.argv[1])))
