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
from evertill.journeys.edit_product import AddVariant, Edit, NewProduct, add_products, edit_products
from evertill.journeys.permitted import Asker
from evertill.journeys.product_columns import column_of, written
from evertill.journeys.table_rows import clipped
from evertill.kernel import config
from evertill.kernel.errors import EvertillError

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
    (told,) = _edit_together([task])
    if isinstance(told, EvertillError):
        raise told
    return told


def _edit_together(tasks: Sequence[Task]) -> list[str | EvertillError]:
    """Make what is new, and edit it and the others; raises where something new cannot be made as it is to be."""
    asker, why, now = tasks[0].asker, tasks[0].why, tasks[0].now
    new = [task for task in tasks if task.content["is_new"]]
    cards = add_products(asker=asker, new=[_new(task.content) for task in new], why=why, now=now) if new else []
    made = {task.subject: card for task, card in zip(new, cards, strict=True)}
    edits = [_edit_of(task.content, made.get(task.subject)) for task in tasks]
    told: list[str | EvertillError] = []
    for task, change in zip(tasks, edit_products(asker=asker, edits=edits, why=why, now=now), strict=True):
        if isinstance(change, EvertillError):
            if task.subject in made:
                # Not half of it: that it was made is taken back with all else.
                raise change
            told.append(change)
        else:
            told.append(made[task.subject].slug if task.subject in made else "")
    return told


def _new(content: Mapping[str, Any]) -> NewProduct:
    wanted = content["wanted"]
    titles = {
        code: str(wanted[name]) for code in config.get().languages if wanted.get(name := catalog.rules.title_name(code))
    }
    return NewProduct(slug=str(content["slug"]), titles=titles, variants=_added(content))


def _edit_of(content: Mapping[str, Any], made: Card | None) -> Edit:
    wanted = content["wanted"]
    if made is None:
        return Edit(slug=str(content["slug"]), seen=content["seen"], wanted=wanted, added=_added(content))
    # What was made a moment ago is seen as it was made.
    return Edit(slug=made.slug, seen={name: made.values.get(name) for name in wanted}, wanted=wanted)


def _added(content: Mapping[str, Any]) -> list[AddVariant]:
    return [AddVariant(sku=one["sku"], titles=one["titles"], kind=stock.Kind(one["kind"])) for one in content["added"]]


EDIT_MANY = BulkOperation(
    name="catalog.edit-many",
    says="Change products",
    kind="product",
    permission=Permission.CATALOG_EDIT,
    preview=_look_at,
    apply=_edit_one,
    apply_together=_edit_together,
)
