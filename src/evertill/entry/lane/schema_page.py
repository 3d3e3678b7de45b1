"""A page to browse the API's document; its script and style come from an installed package."""

from __future__ import annotations

from typing import Any

_STATIC = "/static/drf_spectacular_sidecar/swagger-ui-dist"

_PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evertill API</title>
<link rel="stylesheet" href="{_STATIC}/swagger-ui.css">
<link rel="icon" href="/static/pages/till.svg">
<div id="page" data-document="/api/v1/schema/openapi.json">The page needs JavaScript; the document itself is
<a href="/api/v1/schema/openapi.json">openapi.json</a>.</div>
<script src="{_STATIC}/swagger-ui-bundle.js"></script>
<script src="/static/lane/schema.js"></script>
</html>
""".encode()

# The bundle sets styles on elements; nothing else is let in, and nothing from anywhere else.
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    b" connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-length", b"%d" % len(_PAGE)),
    (b"content-security-policy", _POLICY),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]


async def schema_page(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
    """This function will answer with the page; Litestar's own would load scripts from a third party."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _PAGE})
