"""The running site, on which pages are looked at too; and one on which orders are paid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from evertill.kernel import config
from tests.contracts import web
from tests.contracts.conftest import client, document, shared_site, site
from tests.sandbox.provider import Provider

__all__ = ["client", "document", "paid_by", "paying_site", "shared_site", "site"]


@pytest.fixture(scope="module")
def paying_site(sandbox: Provider) -> Iterator[web.Site]:
    """A site whose orders are paid by Sandbox."""
    with paid_by(sandbox) as site:
        yield site


@contextmanager
def paid_by(sandbox: Provider, *, look_s: int = 2) -> Iterator[web.Site]:
    """A site whose orders are paid by a Sandbox, which is asked about a payment once in so many seconds."""
    with web.running(
        config.get().database_url,
        sandbox_url=sandbox.url,
        sandbox_keys=str(sandbox.folder / "sandbox" / "sandbox-keys.json"),
        payment_look_s=str(look_s),
    ) as site:
        yield site
