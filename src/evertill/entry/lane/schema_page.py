"""A page to browse the API's document; its script and style come from an installed package."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.openapi.plugins import OpenAPIRenderPlugin

_STATIC = "/static/drf_spectacular_sidecar/swagger-ui-dist"

_PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy"
      content="default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:">
<title>Evertill API</title>
<link rel="stylesheet" href="{_STATIC}/swagger-ui.css">
<link rel="icon" href="{_STATIC}/favicon-32x32.png">
<div id="page" data-document="/api/v1/schema/openapi.json">The page needs JavaScript; the document itself is
<a href="/api/v1/schema/openapi.json">openapi.json</a>.</div>
<script src="{_STATIC}/swagger-ui-bundle.js"></script>
<script src="/static/lane/schema.js"></script>
</html>
"""


class SchemaPage(OpenAPIRenderPlugin):
    """The page at `/api/v1/schema`; Litestar's own would load scripts from a third party."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        """This function will return the page."""
        return _PAGE.encode()
