"""Connects a process with those it may reach; to be called once, when it starts."""

from __future__ import annotations

import atexit
from collections.abc import Iterator

from evertill.domains import payments
from evertill.kernel import config
from evertill.kernel.config import Config
from evertill.outside.own_books import BalanceProvider
from evertill.outside.sandbox_provider import SandboxProvider


def connect() -> None:
    """This function will register the payment providers that are set up. It calls none of them."""
    payments.register(*_providers(config.get()))


def _providers(settings: Config) -> Iterator[payments.Provider]:
    yield BalanceProvider()
    if settings.sandbox_url:
        sandbox = SandboxProvider(
            url=settings.sandbox_url, keys=settings.data / settings.sandbox_keys, settings=settings
        )
        atexit.register(sandbox.close)
        yield sandbox
