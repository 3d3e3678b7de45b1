"""The running site, on which pages are looked at too; and one on which orders are paid."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evertill.kernel import config
from tests.contracts import web
from tests.contracts.conftest import client, document, shared_site, site
from tests.sandbox.provider import Provider

__all__ = ["client", "document", "paying_site", "shared_site", "site"]


@pytest.fixture(scope="module")
def paying_site(sandbox: Provider) -> Iterator[web.Site]:
    """A site whose orders are paid by Sandbox."""
    keys = sandbox.folder / "sandbox" / "sandbox-keys.json"
    with web.running(config.get().database_url, sandbox_url=sandbox.url, sandbox_keys=str(keys)) as site:
        yield site
