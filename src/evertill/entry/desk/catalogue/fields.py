"""The form of a product: a field for each value of its card, as it was seen and as it is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.http import HttpRequest
from django.utils.translation import gettext as _

from evertill.domains import catalog
from evertill.domains.catalog import Plain
from evertill.journeys.edit_product import Card
from evertill.kernel import config

# What a form may say that it saw: a product's texts in all languages.
_SEEN_CHARS_MAX = 400_000
_SEEN = dict[str, str | bool | list[str] | None]
LANGUAGES = {"en": "English", "zh-hans": "简体中文"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: its name in the card, its name in the form, what it is called, what stands in it.

    `theirs` is what somebody else has made of it meanwhile; None where nobody has.
    """

    name: str
    id: str
    label: str
    language: str
    value: Plain
    is_long: bool = False
    theirs: Plain = None
    is_contested: bool = False


def languages(card: Card | None = None) -> list[str]:
    """This function will return the languages of a form: those of the shop, then others in which there is a text."""
    known = list(config.get().languages)
    if card is not None:
        more = [catalog.rules.language_of_text(name) for name in card.values]
        known += [one for one in dict.fromkeys(more) if one is not None and one not in known]
    return known


def read_seen(request: HttpRequest) -> dict[str, Plain]:
    """This function will return what somebody saw when he opened the form."""
    try:
        return dict(msgspec.json.decode(request.POST.get("seen", "")[:_SEEN_CHARS_MAX], type=_SEEN))
    except (msgspec.DecodeError, msgspec.ValidationError):
        return {}


def write_seen(card: Card) -> str:
    """This function will write what somebody sees, for the form to carry."""
    return msgspec.json.encode(card.values, order="deterministic").decode()


def read_wanted(request: HttpRequest, card: Card, *, seen: Mapping[str, Plain]) -> dict[str, Plain]:
    """This function will return what somebody typed, by the names of the card."""
    said = request.POST

    def text(name: str) -> Plain:
        typed, was = _text(said[name]), seen.get(name)
        # A text that differs in its margins alone was not touched: a browser sends it a little different.
        return was if isinstance(was, str) and _text(was) == typed else typed

    wanted: dict[str, Plain] = {"categories": said.getlist("categories")[:50]}
    if "status" in said:
        wanted["status"] = said["status"][:16]
    for language in languages(card):
        for name in (catalog.rules.title_name(language), catalog.rules.text_name(language)):
            if name in said:
                wanted[name] = text(name)
    for sku in card.variants:
        wanted[catalog.rules.shown_name(sku)] = catalog.rules.shown_name(sku) in said
        for language in languages(card):
            name = catalog.rules.variant_name(sku, language)
            if name in said:
                wanted[name] = text(name)
    return wanted


def parts(
    card: Card, typed: Mapping[str, Plain] | None = None, contested: Mapping[str, tuple[Plain, Plain]] | None = None
) -> dict[str, Any]:
    """This function will return the fields of a card; with what was typed, and what others have changed meanwhile."""
    values = {**card.values, **(typed or {})}
    taken = contested or {}

    def field(name: str, label: str, language: str = "", *, is_long: bool = False) -> Field:
        return Field(
            name=name,
            id="f-" + "".join(sign if sign.isalnum() and sign.isascii() else f"_{ord(sign):x}" for sign in name),
            label=label,
            language=language,
            value=values.get(name),
            is_long=is_long,
            theirs=card.values.get(name),
            is_contested=name in taken,
        )

    def tongue(language: str) -> str:
        return LANGUAGES.get(language, language)

    rules = catalog.rules
    return {
        "status": field("status", _("Who sees it")),
        "texts": [
            (
                tongue(language),
                field(rules.title_name(language), _("Title"), language),
                field(rules.text_name(language), _("Text"), language, is_long=True),
            )
            for language in languages(card)
        ],
        "variants": [
            (
                sku,
                [field(rules.variant_name(sku, language), tongue(language), language) for language in languages(card)],
                field(rules.shown_name(sku), _("Shown")),
            )
            for sku in card.variants
        ],
        "chosen": _chosen(values.get("categories")),
        "are_categories_contested": "categories" in taken,
        "seen": write_seen(card),
    }


def _chosen(value: Plain) -> Sequence[str]:
    return value if isinstance(value, list) else ()


def _text(said: str) -> str:
    # Browsers send line ends as two signs; what is kept has one.
    return said.replace("\r\n", "\n").strip()
