from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.test_up import free_port
from tests.sandbox.provider import Provider, Receiver, receiving, running


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """One provider for all tests that leave it running; each uses payments of its own."""
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with running(folder, port=free_port()) as started:
        yield started


@pytest.fixture
def receiver(provider: Provider) -> Iterator[Receiver]:
    """A receiver that the provider tells of everything."""
    with receiving() as made:
        assert provider.post("/v1/webhook-endpoint", {"url": made.url}).status_code == 200
        yield made


@pytest.fixture
def mix(provider: Provider) -> Iterator[Provider]:
    """The provider, with any faults the test sets taken back afterwards."""
    yield provider
    assert provider.client.delete("/v1/faults").status_code == 200
