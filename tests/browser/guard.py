"""What no page may do behind its visitor's back, whatever he does on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

# Each of these is told by the request itself as well, where it can be allowed for.
_TOLD_TWICE = "Failed to load resource:"
# A page that is left gives up what it was still loading.
_LEFT = "net::ERR_ABORTED"


# Not slotted: Playwright keeps a note of its own on whoever listens.
@dataclass(kw_only=True)
class Guard:
    """Everything that went wrong in the browsers of one test: words in the console, failed requests, other hosts.

    What breaks the pages' policy stands in the console, as an error.
    """

    # Scheme and host of every place that a visitor has reason to be at.
    homes: frozenset[str]
    troubles: list[str] = field(default_factory=list)
    _statuses: set[int] = field(default_factory=set)
    _is_line_bad: bool = False
    _was_line_bad: bool = False

    def watch(self, context: BrowserContext) -> None:
        """Look at whatever the pages of a context do from now on."""
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failure)
        context.on("response", self._on_response)

    @contextmanager
    def expecting(self, *statuses: int) -> Iterator[None]:
        """Take these answers for good while the block runs: the test is about them."""
        self._statuses = set(statuses)
        try:
            yield
        finally:
            self._statuses = set()

    @contextmanager
    def bad_line(self) -> Iterator[None]:
        """Let requests fail while the block runs, and pages say so: the test cuts their line."""
        self._is_line_bad = self._was_line_bad = True
        try:
            yield
        finally:
            self._is_line_bad = False

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_TOLD_TWICE):
            self.troubles.append(f"console {message.type} on {message.page and message.page.url}: {message.text}")

    def _on_error(self, error: WebError) -> None:
        self.troubles.append(f"script: {error.error}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        # Chromium's own page for a line that is dead brings its pictures along, and may ask for them a little later.
        if f"{parts.scheme}://{parts.netloc}" not in self.homes and not (parts.scheme == "data" and self._was_line_bad):
            self.troubles.append(f"request to elsewhere: {request.method} {request.url}")

    def _on_failure(self, request: Request) -> None:
        if request.failure != _LEFT and not self._is_line_bad:
            self.troubles.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= HTTPStatus.BAD_REQUEST and response.status not in self._statuses:
            self.troubles.append(f"{response.status}: {response.request.method} {response.url}")
