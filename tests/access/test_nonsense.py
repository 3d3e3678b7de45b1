"""Nonsense in every field of every form: each is answered as a mistake, and never as a failure of ours.

Forms are read from the pages themselves, so that a new one is tried by itself. A run of the tests tries some, drawn in
the same way each time; a drill tries all.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest

from evertill.domains import identity
from evertill.entry.pages.audience import Audience
from tests.access.declared import pages
from tests.access.test_matrix import value_in
from tests.access.town import ADA, NOBODY, Caller, Town
from tests.desk.clerks import OWN

# What somebody types, pastes, or makes up.
NONSENSE = (
    "",
    " ",
    "0",
    "-1",
    "1e9",
    "0.001",
    "٣",
    "NaN",
    "99999999999999999999999999",
    "9223372036854775808",
    "9999-12-31",
    "0001-01-01",
    "2026-02-30",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "\0",
    "\ud800",
    "\u202eabc",
    "%",
    "%s%n{0}{{7*7}}",
    "../../etc/passwd",
    "'\"><script>alert(1)</script>",
    "' or 1=1 --",
    "null",
    "[]",
    "a" * 3_000,
    "字" * 300,
    "0EFJ-AZXM-AN43J",
    "=1+1",
)
_OF_A_SUITE = 80
_PAGES_MAX = 400


@dataclass(slots=True, kw_only=True)
class Form:
    """A form as a page has it: where it goes, how, and what stands in its fields."""

    address: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    """Reads the forms of a page, and where it leads."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "a" and said.get("href"):
            self.links.append(urljoin(self.address, said["href"] or ""))
        if tag == "form":
            address = urljoin(self.address, said.get("action") or "")
            self._form = Form(address=address, method=(said.get("method") or "get").upper())
            self.forms.append(self._form)
        name = said.get("name") or ""
        if self._form is None:
            return
        if tag in ("input", "textarea", "button") and name:
            is_choice = said.get("type") in ("checkbox", "radio")
            if not is_choice or "checked" in said or name not in self._form.fields:
                self._form.fields[name] = said.get("value") or ""
        if tag == "select":
            self._select = name
        if tag == "option" and self._select and ("selected" in said or self._select not in self._form.fields):
            self._form.fields[self._select] = said.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""


def crawl(caller: Caller, addresses: list[str]) -> list[Form]:
    """Every form that somebody comes to from these addresses, once; each page once, by its address without a query."""
    waiting, seen, forms = list(addresses), set[str](), dict[tuple[str, str, str], Form]()
    while waiting and len(seen) < _PAGES_MAX:
        address = waiting.pop(0)
        path = urlsplit(address).path
        if path in seen or "/sign-out" in path:
            continue
        seen.add(path)
        answer: Any = caller.browser.get(address, headers=OWN)
        text = "" if answer.streaming or answer.status_code != 200 else answer.content.decode(errors="replace")
        answer.close()
        read = _Forms(path)
        read.feed(text)
        for form in read.forms:
            forms.setdefault((form.method, form.address, ",".join(sorted(form.fields))), form)
        waiting += [link for link in read.links if urlsplit(link).netloc == "" and link.startswith("/en/")]
    return list(forms.values())


def tries(forms: list[Form]) -> Iterator[tuple[Form, str, str]]:
    for form in forms:
        for name in form.fields:
            if name != "csrfmiddlewaretoken":
                for text in NONSENSE:
                    yield form, name, text


@pytest.fixture
def proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is asked to prove that it is he has just done so: what lies behind is to be tried as well."""
    monkeypatch.setattr(identity.stepup, "spend", lambda **_said: None)


@pytest.mark.parametrize("name", [NOBODY, ADA, "support", "owner"])
@pytest.mark.usefixtures("proved")
def test_is_answered_as_a_mistake(shop: Town, name: str, seed: int, pytestconfig: pytest.Config) -> None:
    caller = shop.callers[name]
    addresses = [
        page.filled(lambda kind, place: value_in(shop, kind, place))
        for page in pages()
        if "GET" in page.methods and (page.audience is not Audience.STAFF or caller.is_staff)
    ]
    forms = crawl(caller, addresses)
    found = list(tries(forms))
    if not pytestconfig.getoption("drill"):
        found = random.Random(seed).sample(found, min(_OF_A_SUITE, len(found)))

    failed = []
    for form, place, text in found:
        answer = _send(caller, form, {**form.fields, place: text})
        answer.close()
        if answer.status_code >= 500:
            failed.append(f"{form.method} {form.address} {place}={text[:40]!r}: {answer.status_code}")
        if form.method == "POST" and caller.is_signed_in:
            caller.come_back()

    print(f"{len(forms)} forms, {len(found)} tries")
    assert len(forms) > 3
    assert not failed, "\n".join(failed)


def _send(caller: Caller, form: Form, fields: dict[str, str]) -> Any:
    typed = urlencode({name: text.encode("utf-8", "surrogatepass") for name, text in fields.items()})
    caller.browser.raise_request_exception = False
    if form.method == "GET":
        return caller.browser.get(f"{form.address}?{typed}", headers=OWN)
    return caller.browser.post(form.address, typed, content_type="application/x-www-form-urlencoded", headers=OWN)
