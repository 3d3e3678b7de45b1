"""The running site that most exams of the lane are held against."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest

from tests.contracts import web


@pytest.fixture(scope="session")
def shared_site() -> Iterator[web.Site]:
    """Two web workers on this worker's database, running as long as the session."""
    with web.running(os.environ["DATABASE_URL"], workers=2, token_cache_s="1") as running:
        yield running


@pytest.fixture
def site(shared_site: web.Site, committed_db: None) -> Iterator[web.Site]:
    """The running site on an empty database. Whatever a test sends, no worker may meet an error nobody foresaw."""
    before = len(shared_site.log())
    yield shared_site
    said = shared_site.log()[before:]
    assert "Traceback" not in said, said
    assert '"level": "error"' not in said, said


@pytest.fixture
def client(site: web.Site) -> Iterator[httpx.Client]:
    """A client of the running site."""
    with site.client() as client:
        yield client
