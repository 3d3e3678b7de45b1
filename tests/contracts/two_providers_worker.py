"""A web worker with two payment providers: `python -m tests.contracts.two_providers_worker FD`.

One is Sandbox; the other, `stuck`, is a Sandbox at STUCK_URL, where somebody listens and never answers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import django

django.setup()

from evertill.domains import payments  # noqa: E402 — Django has to stand first.
from evertill.kernel.config import Config  # noqa: E402
from evertill.outside import connect  # noqa: E402
from evertill.outside.sandbox_provider import SandboxProvider  # noqa: E402

_real = connect._providers  # noqa: SLF001 — what a release with one more provider would be.


class Stuck(SandboxProvider):
    name = "stuck"


def _providers(settings: Config) -> Iterator[payments.Provider]:
    yield from _real(settings)
    yield Stuck(url=os.environ["STUCK_URL"], keys=settings.sandbox_keys, settings=settings)


connect._providers = _providers  # noqa: SLF001 — as above.

import tests.contracts.web_worker  # noqa: E402, F401 — serves.
