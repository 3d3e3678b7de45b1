"""A QR code as a drawing inside the page."""

from __future__ import annotations

import io

import segno
from django.utils.safestring import SafeString, mark_safe


def as_svg(text: str) -> SafeString:
    """This function will return a text as an inline SVG, dark modules only, with no width or height of its own."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2, svgclass="qr", lineclass=None
    )
    # The text itself is not in it, only squares.
    return mark_safe(out.getvalue().decode())  # noqa: S308
