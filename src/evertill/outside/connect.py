"""Connects a process with those it may reach; to be called once, when it starts."""

from __future__ import annotations

import atexit

from evertill.domains import payments
from evertill.kernel import config
from evertill.outside.sandbox_provider import SandboxProvider


def connect() -> None:
    """This function will register the payment providers that are set up. It calls none of them."""
    settings = config.get()
    if settings.sandbox_url:
        keys = settings.data / settings.sandbox_keys
        sandbox = SandboxProvider(url=settings.sandbox_url, keys=keys, settings=settings)
        atexit.register(sandbox.close)
        payments.register(sandbox)
