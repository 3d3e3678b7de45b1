"""What the shop declares about who may use what: marks of pages, permissions of the desk, rows of the API's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import get_resolver

from evertill.domains.access import Permission
from evertill.entry.pages.audience import Audience, audience_of, routes
from tests.kernel.waiting import ROOT

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An address of a page as it is written, who may use it, and how."""

    address: str
    audience: Audience
    methods: frozenset[str]
    permission: Permission | None = None

    def filled(self, value: Callable[[str, str], str]) -> str:
        """The address with something in each place that it leaves open, by the kind and the name of the place."""
        return "/en" + re.sub(r"<(\w+):(\w+)>", lambda found: value(found.group(1), found.group(2)), self.address)

    @property
    def is_open_to_ids(self) -> bool:
        return "<" in self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of the API, and who may use it: a scope of programs, and whether an order's token opens it."""

    method: str
    path: str
    is_for_anybody: bool = False
    is_for_providers: bool = False
    opens_by_order: bool = False
    opens_by_claim: bool = False
    scope: str = ""


@cache
def pages() -> tuple[Page, ...]:
    """Every page that the code has; what the code does not say about it is None, which no test takes."""
    told = _documented_methods()
    found = []
    for address, route in routes(get_resolver().url_patterns):
        view: Any = route.callback
        audience = audience_of(view)
        assert audience is not None, f"/{address} does not say who may use it."
        is_desk = audience is Audience.STAFF
        methods = frozenset(view.methods) if is_desk else told[f"/{address}"]
        found.append(
            Page(
                address=f"/{address}",
                audience=audience,
                methods=methods | ({"HEAD"} if "GET" in methods else set()),
                permission=view.permission if is_desk else None,
            )
        )
    return tuple(found)


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation of the API as docs/reference/access.md says it; a test holds that page against the code."""
    text = _access_page()
    return tuple(
        _operation(method, path, audience)
        for names, audience in re.findall(r"^\| (`[A-Z]+ /api/v1/[^|]*) \| ([^|]*) \|$", text, re.MULTILINE)
        for method, path in re.findall(r"`([A-Z]+) (/api/v1/[^`]*)`", names)
    )


def _operation(method: str, path: str, audience: str) -> Operation:
    scope = re.search(r"a program with `([a-z:]+)`", audience)
    return Operation(
        method=method,
        path=path,
        is_for_anybody=audience.startswith("anybody"),
        is_for_providers=audience == "provider",
        opens_by_order=audience.startswith("order"),
        opens_by_claim=audience.startswith("claim"),
        scope=scope.group(1) if scope and not audience.startswith("anybody") else "",
    )


def _documented_methods() -> dict[str, frozenset[str]]:
    rows = re.findall(r"^\| `(/[^`]*)` \| ([A-Z, ]+) \| \w+ \|", _access_page(), re.MULTILINE)
    return {address: frozenset(methods.split(", ")) for address, methods in rows}


def _access_page() -> str:
    return (ROOT / "docs" / "reference" / "access.md").read_text(encoding="utf-8")
