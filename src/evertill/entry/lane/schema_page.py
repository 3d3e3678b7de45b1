"""The API's document and a page to browse it; the page's script and style come from an installed package."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.openapi.plugins import JsonRenderPlugin

_STATIC = "/static/drf_spectacular_sidecar/swagger-ui-dist"

_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

_PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evertill API</title>
<link rel="stylesheet" href="{_STATIC}/swagger-ui.css">
<link rel="icon" href="{_STATIC}/favicon-32x32.png">
<div id="page" data-document="openapi.json">The page needs JavaScript; the document itself is <a
href="openapi.json">openapi.json</a>.</div>
<script src="{_STATIC}/swagger-ui-bundle.js"></script>
<script src="/static/lane/schema.js"></script>
</html>
"""


def no_pages() -> JsonRenderPlugin:
    """This function will return a plugin that keeps Litestar's own pages away, whose scripts come from a third party."""
    return JsonRenderPlugin(path="/unused.json")


@get("/schema", include_in_schema=False, sync_to_thread=False)
def page() -> Response[str]:
    """This function will return the page to browse the API."""
    return Response(_PAGE, media_type="text/html", headers={"content-security-policy": _POLICY})





@get("/schema/openapi.json", include_in_schema=False, sync_to_thread=False)
def document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """This function will return the OpenAPI 3.1 document."""
    content = request.app.openapi_schema.to_schema()
    return Response(msgspec.json.encode(content), media_type="application/json", headers={"cache-control": "max-age=60"})
