"""Veil words: what somebody looked for goes into the audit trail as how many words it was, and a keyed digest of them.

Whoever looks for an order types an address or a name; the trail holds nothing that is personal, and never forgets. With
the shop's secret, the digest still tells whether two searches were the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evertill.kernel import crypto

_WORDS = "q"
_DIGEST_CHARS = 16


def veil_words(filters: Mapping[str, Any]) -> dict[str, Any]:
    """This function will return a list's filters as the trail may keep them."""
    typed = filters.get(_WORDS)
    if not isinstance(typed, str):
        return dict(filters)
    digest = crypto.mac(typed.encode(errors="replace"), purpose="trail.words").hex()[:_DIGEST_CHARS]
    return {**filters, _WORDS: f"words: {len(typed.split())}, digest: {digest}"}


def veil_content(content: Mapping[str, Any]) -> dict[str, Any]:
    """This function will return what was asked to be approved, as the trail may keep it."""
    filters = content.get("filters")
    return {**content, "filters": veil_words(filters)} if isinstance(filters, Mapping) else dict(content)
