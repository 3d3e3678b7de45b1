"""Edit many products: what a table or a list says of each, looked at first, and done as at the desk.

Each stands in its product's history, and can be taken back there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from evertill.domains import catalog, stock
from evertill.domains.access import Permission
from evertill.domains.catalog import Card, Plain
from evertill.journeys.bulk_item import BulkOperation, Forecast, Target, Task
from evertill.journeys.edit_product import AddVariant, add_product, edit_product
from evertill.journeys.permitted import Asker
from evertill.journeys.product_columns import column_of, written
from evertill.journeys.table_rows import clipped
from evertill.kernel import config

__all__ = ["EDIT_MANY", "edit_of"]

_SHOWN_CHARS, _LINE_CHARS = 80, 300


def edit_of(
    *,
    subject: str,
    label: str,
    slug: str,
    is_new: bool = False,
    seen: Mapping[str, Plain],
    wanted: Mapping[str, Plain],
    contested: Sequence[str] = (),
    added: Sequence[Mapping[str, Any]] = (),
) -> Target:
    """This function will make one product of a bulk: what somebody wants of it, and what it was when he looked.

    `contested` names what others have changed since, `added` has the variants that it is to get.
    """
    content = {
        "slug": slug,
        "is_new": is_new,
        "seen": {name: seen.get(name) for name in wanted},
        "wanted": wanted,
        "contested": contested,
        "added": added,
    }
    return Target(subject=subject, label=label, content=content)


def _look_at(
    *, asker: Asker, targets: Sequence[Target], options: Mapping[str, Any], now: dt.datetime
) -> list[Forecast]:
    del asker, options, now
    cards = catalog.editing.read_cards(slugs=[one.content["slug"] for one in targets if one.content["slug"]])
    return [_foresee(one.content, cards.get(one.content["slug"])) for one in targets]


def _foresee(content: Mapping[str, Any], card: Card | None) -> Forecast:
    values = card.values if card is not None else {}
    wanted: Mapping[str, Plain] = content["wanted"]
    before = _line({name: values.get(name) for name in wanted})
    after = _line(wanted)
    added = ", ".join(f"+ {one['sku']}" for one in content["added"])
    after = clipped("; ".join(part for part in (added, after) if part), _LINE_CHARS)
    if content["contested"]:
        which = ", ".join(map(column_of, content["contested"]))
        said = f"Somebody has changed this since the table was saved: {which}."
        return Forecast(before=before, after=after, refused_code="CHANGED_MEANWHILE", refused=said)
    return Forecast(before=before, after=after)


def _line(values: Mapping[str, Plain]) -> str:
    told = (f"{_told_name(name)}: {clipped(written(value), _SHOWN_CHARS) or '—'}" for name, value in values.items())
    return clipped("; ".join(told), _LINE_CHARS)


def _told_name(name: str) -> str:
    sku = catalog.rules.sku_of(name)
    return f"{sku} {column_of(name)}" if sku else column_of(name)


def _edit_one(task: Task) -> str:
    content = task.content
    added = [AddVariant(sku=one["sku"], titles=one["titles"], kind=stock.Kind(one["kind"])) for one in content["added"]]
    slug, seen = str(content["slug"]), dict(content["seen"])
    if content["is_new"]:
        slug = _add(task, added[0]).slug
    for one in added[1:] if content["is_new"] else added:
        edit_product(asker=task.asker, slug=slug, seen={}, wanted={}, added=one, why=task.why, now=task.now)
    if added:
        # What was made a moment ago is seen as it was made.
        card, made = catalog.editing.read_card(slug=slug), {one.sku for one in added}
        fresh = [name for name in seen if content["is_new"] or catalog.rules.sku_of(name) in made]
        seen |= {name: card.values.get(name) for name in fresh}
    edit_product(asker=task.asker, slug=slug, seen=seen, wanted=content["wanted"], why=task.why, now=task.now)
    return slug if content["is_new"] else ""


def _add(task: Task, first: AddVariant) -> Card:
    wanted = task.content["wanted"]
    titles = {
        code: str(wanted[name]) for code in config.get().languages if wanted.get(name := catalog.rules.title_name(code))
    }
    card = add_product(
        asker=task.asker,
        slug=str(task.content["slug"]),
        titles=titles,
        sku=first.sku,
        kind=first.kind,
        why=task.why,
        now=task.now,
    )
    names = {catalog.rules.variant_name(first.sku, code): title for code, title in first.titles.items()}
    seen = {name: card.values.get(name) for name in names}
    edit_product(asker=task.asker, slug=card.slug, seen=seen, wanted=names, why=task.why, now=task.now)
    return catalog.editing.read_card(slug=card.slug)


EDIT_MANY = BulkOperation(
    name="catalog.edit-many",
    says="Change products",
    kind="product",
    permission=Permission.CATALOG_EDIT,
    preview=_look_at,
    apply=_edit_one,
)
