"""The one ASGI application: the lane for machines, Django's pages for people."""

from __future__ import annotations

from typing import Any, cast

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

from evertill.entry.lane.app import Lane
from evertill.entry.pages.uploads import form_bytes_max
from evertill.entry.site.answer_headers import adding, for_programs
from evertill.entry.site.bodies import Bodies
from evertill.entry.site.shared_pages import SharedPages
from evertill.entry.site.static_files import StaticFiles
from evertill.kernel import config


class Site:
    """Hands each request to the lane, or else to the pages, which run as WSGI in a few threads of their own."""

    def __init__(self) -> None:
        # Pages are synchronous Django; under WSGI a request costs a twentieth of what it costs under Django's ASGI.
        known = config.get()
        pages = Bodies(
            WSGIMiddleware(cast("Any", get_wsgi_application()), workers=known.page_threads),
            bytes_max=form_bytes_max(),
            all_bytes_max=known.forms_bytes_max,
            wait_s=known.form_wait_s,
        )
        self._pages = SharedPages(pages, bytes_max=known.catalog_cache_bytes_max)
        self._files = StaticFiles()
        self._lane = Lane()
        self._headers = for_programs()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            lane = self._lane.find(scope)
            if lane is not None:
                await lane(scope, receive, adding(send, self._headers))
            else:
                await (self._files.find(scope) or self._pages)(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    def drain(self) -> None:
        """This function will end what never ends by itself, so that the rest can be finished."""
        self._lane.drain()

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._lane.close()
        await send({"type": "lifespan.shutdown.complete"})
