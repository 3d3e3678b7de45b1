"""Connects a process with those it may reach; to be called once, when it starts."""

from __future__ import annotations

import atexit
from collections.abc import Iterator

from evertill.domains import payments
from evertill.kernel import config
from evertill.kernel.config import Config
from evertill.outside.keys import read_secrets
from evertill.outside.offline_provider import OfflineProvider
from evertill.outside.own_books import BalanceProvider
from evertill.outside.sandbox_provider import SandboxProvider

# Secrets that are known at a time while one replaces another.
_ROLLED_MAX = 4


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
    if settings.stripe_secret_key_file:
        # Here, because the SDK takes 15 MB of memory, and most shops have no use for it.
        from evertill.outside.stripe_provider import StripeProvider  # noqa: PLC0415

        (key,) = read_secrets(settings, "stripe_secret_key_file", most=1)
        webhook_secrets = read_secrets(settings, "stripe_webhook_secrets_file", most=_ROLLED_MAX)
        stripe = StripeProvider(url=settings.stripe_url, key=key, webhook_secrets=webhook_secrets, settings=settings)
        atexit.register(stripe.close)
        yield stripe
    if settings.transfer_instructions:
        patience_s = settings.transfer_patience_h * 3600
        yield OfflineProvider(name="transfer", instructions=settings.transfer_instructions, patience_s=patience_s)
    if settings.cash_instructions:
        patience_s = settings.cash_patience_h * 3600
        yield OfflineProvider(name="cash", instructions=settings.cash_instructions, patience_s=patience_s)
