"""The running site that most exams of the lane are held against."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from evertill.kernel import config
from tests.contracts import web
from tests.contracts.truth import Document


@pytest.fixture(scope="session")
def shared_site() -> Iterator[web.Site]:
    """Two web workers on this worker's database, running as long as the session."""
    with web.running(config.get().database_url, workers=2, token_cache_s="1") as running:
        yield running


@pytest.fixture
def site(shared_site: web.Site, committed_db: None) -> Iterator[web.Site]:
    """The running site on an empty database. Whatever a test sends, no worker may meet an error nobody foresaw."""
    before = len(shared_site.log())
    yield shared_site
    said = shared_site.log()[before:]
    assert "Traceback" not in said, said
    assert '"level": "error"' not in said, said


@pytest.fixture(scope="session")
def document(shared_site: web.Site) -> Document:
    """The API's document as the running site tells it."""
    with shared_site.client() as client:
        return Document(client.get("/api/v1/schema/openapi.json").json())


@pytest.fixture
def client(site: web.Site, document: Document) -> Iterator[httpx.Client]:
    """A client of the running site, which takes no answer that the API's document does not tell of."""
    with site.client(event_hooks={"response": [document.check]}) as client:
        yield client
