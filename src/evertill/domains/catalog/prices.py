"""Prices by currency: changes with their history, and prices that begin at a moment. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery

from evertill.domains.catalog.categories import lock_writers
from evertill.domains.catalog.models import PlannedPrice as PlannedRow
from evertill.domains.catalog.models import Price, Product, ProductText, Variant
from evertill.domains.catalog.models import PriceChange as ChangeRow
from evertill.domains.catalog.types import NewPrice, PlannedPrice, PriceChange, Priced
from evertill.kernel import config, db, ids, sql
from evertill.kernel.arrays import Texts
from evertill.kernel.errors import EvertillError

_PACKAGE = "evertill.domains.catalog"
_WHY_CHARS = 500
PLANNED, BEGUN, CANCELLED, MISSED = "PLANNED", "BEGUN", "CANCELLED", "MISSED"


class UnknownSku(EvertillError):
    """There is no variant of this SKU."""

    code = "UNKNOWN_SKU"
    status = "not_found"
    remedy = "Look the SKU up in the list of prices."


class UnknownPriceChange(EvertillError):
    """There is no such change of a price."""

    code = "UNKNOWN_PRICE_CHANGE"
    status = "not_found"
    remedy = "Look at the history of the price."


class PlanNotOpen(EvertillError):
    """No such planned price waits for its moment: it is unknown, has begun, or was cancelled."""

    code = "PLAN_NOT_OPEN"
    status = "conflict"
    remedy = "Look at the planned prices."


class PlannedAlready(EvertillError):
    """Another price of this SKU begins at the same moment."""

    code = "PLANNED_ALREADY"
    status = "conflict"
    remedy = "Cancel the other one first, or choose another moment."


def read_prices(*, skus: Collection[str], currency: str) -> dict[str, int | None]:
    """This function will return what SKUs cost in a currency, None without a price; who is not a SKU is missing."""
    prices = Price.objects.filter(variant=OuterRef("pk"), currency=currency).values("amount")[:1]
    rows = Variant.objects.filter(sku__in=skus).annotate(amount=Subquery(prices)).values_list("sku", "amount")
    return dict(rows)


def hold_prices(*, skus: Collection[str], currency: str) -> dict[str, int | None]:
    """This function will return what read_prices does, and nobody else changes it until the transaction ends.

    Raises UnknownSku.
    """
    lock_writers()
    known = read_prices(skus=skus, currency=currency)
    missing = sorted(set(skus) - known.keys())
    if missing:
        raise UnknownSku(f"There is no SKU '{missing[0][:64]}'.", sku=missing[0])
    return known


def read_references(*, skus: Collection[str], currency: str, since: dt.datetime) -> dict[str, int]:
    """This function will return what SKUs cost at a moment, or at last before they had no price.

    A price that is changed in small steps is measured from there, and not from the last step.
    """
    rows = db.fetch(sql.load(_PACKAGE, "reference_prices"), (currency, since, currency, Texts(sorted(skus))))
    return {sku: amount for sku, amount in rows if amount is not None}


def change_prices(
    *,
    currency: str,
    prices: Sequence[NewPrice],
    by: str,
    why: str,
    approved_by: str = "",
    undoes: int | None = None,
    now: dt.datetime,
) -> list[int]:
    """This function will write prices that are held, and their history, and return the ids of the changes."""
    moved = [price for price in prices if price.before != price.after]
    variants = dict(Variant.objects.filter(sku__in=[price.sku for price in moved]).values_list("sku", "id"))
    Price.objects.bulk_create(
        [
            Price(variant_id=variants[price.sku], currency=currency, amount=price.after)
            for price in moved
            if price.after is not None
        ],
        update_conflicts=True,
        unique_fields=["variant", "currency"],
        update_fields=["amount"],
    )
    gone = [variants[price.sku] for price in moved if price.after is None]
    Price.objects.filter(variant_id__in=gone, currency=currency).delete()
    Product.objects.filter(variants__in=list(variants.values())).update(updated_at=now)
    made = ids.new_ids(len(moved), now=now) if moved else []
    ChangeRow.objects.bulk_create(
        [
            ChangeRow(
                id=change_id,
                sku=price.sku,
                currency=currency,
                before=price.before,
                after=price.after,
                changed_at=now,
                changed_by=by,
                approved_by=approved_by,
                why=why[:_WHY_CHARS],
                undoes=undoes,
            )
            for change_id, price in zip(made, moved, strict=True)
        ]
    )
    return made


def list_changes(*, sku: str = "", currency: str = "", limit: int) -> list[PriceChange]:
    """This function will return changes of prices, the newest first: of one SKU, of one price list, or of all."""
    rows = ChangeRow.objects.all()
    if sku:
        rows = rows.filter(sku=sku)
    if currency:
        rows = rows.filter(currency=currency)
    return _changes(rows.order_by("-changed_at", "-id")[:limit])


def read_changes(*, change_ids: Sequence[int]) -> list[PriceChange]:
    """This function will return changes of prices by their ids, in their sequence, without those that are not there."""
    found = {change.id: change for change in _changes(ChangeRow.objects.filter(pk__in=change_ids))}
    return [found[change_id] for change_id in change_ids if change_id in found]


def find_change(*, change_id: int) -> PriceChange:
    """This function will return one change of a price; raises UnknownPriceChange."""
    found = _changes(ChangeRow.objects.filter(pk=change_id))
    if not found:
        raise UnknownPriceChange("There is no such change of a price.")
    return found[0]


def list_prices(*, currency: str, search: str = "", after: str = "", limit: int) -> list[Priced]:
    """This function will return a price list in the order of SKUs, behind one of them, up to `limit`.

    `search` is how a SKU begins. Titles are in the shop's first language.
    """
    price = Price.objects.filter(variant=OuterRef("pk"), currency=currency).values("amount")[:1]
    title = ProductText.objects.filter(product=OuterRef("product"), language=config.get().languages[0])
    rows = Variant.objects.filter(sku__gt=after).annotate(
        amount=Subquery(price), product_title=Subquery(title.values("title")[:1])
    )
    if search:
        rows = rows.filter(sku__gte=search, sku__lt=_behind(search))
    listed = rows.order_by("sku").values_list("sku", "title", "product_title", "product__slug", "amount")[:limit]
    return [
        Priced(sku=sku, title=_named(product_title, title), slug=slug, amount=amount)
        for sku, title, product_title, slug, amount in listed
    ]


def name_skus(*, skus: Collection[str]) -> dict[str, str]:
    """This function will return what SKUs are called, in the shop's first language."""
    title = ProductText.objects.filter(product=OuterRef("product"), language=config.get().languages[0])
    rows = Variant.objects.filter(sku__in=skus).annotate(product_title=Subquery(title.values("title")[:1]))
    return {sku: _named(product, own) for sku, own, product in rows.values_list("sku", "title", "product_title")}


def plan_price(
    *,
    sku: str,
    currency: str,
    amount: int,
    begins_at: dt.datetime,
    by: str,
    approved_by: str,
    why: str,
    now: dt.datetime,
) -> PlannedPrice:
    """This function will plan a price that begins at a moment; raises PlannedAlready."""
    (plan_id,) = ids.new_ids(1, now=now)
    try:
        with transaction.atomic():
            row = PlannedRow.objects.create(
                id=plan_id,
                sku=sku,
                currency=currency,
                amount=amount,
                begins_at=begins_at,
                planned_at=now,
                planned_by=by,
                approved_by=approved_by,
                why=why[:_WHY_CHARS],
            )
    except IntegrityError as cause:
        raise PlannedAlready(f"Another price of {sku} begins at that moment.", sku=sku) from cause
    return _plan(row)


def cancel_plan(*, plan_id: int, by: str, now: dt.datetime) -> PlannedPrice:
    """This function will cancel a planned price that has not begun, and return it; raises PlanNotOpen."""
    row = PlannedRow.objects.select_for_update().filter(pk=plan_id, state=PLANNED).first()
    if row is None:
        raise PlanNotOpen("This price does not wait for its moment any more.")
    return end_plan(_plan(row), state=CANCELLED, by=by, now=now)


def end_plan(plan: PlannedPrice, *, state: str, by: str, now: dt.datetime) -> PlannedPrice:
    """This function will end a planned price that the caller has locked."""
    PlannedRow.objects.filter(pk=plan.id, state=PLANNED).update(state=state, ended_at=now, ended_by=by)
    return _plan(PlannedRow.objects.get(pk=plan.id))


def lock_due_plans(*, now: dt.datetime, limit: int) -> list[PlannedPrice]:
    """This function will lock planned prices whose moment has come, the first first."""
    due = PlannedRow.objects.filter(state=PLANNED, begins_at__lte=now)
    if not due.exists():
        return []
    # All of them one after the other, and nobody passes over what somebody else holds: where two had some each, or one
    # was left for later, the first could come last and would stand.
    lock_writers()
    return [_plan(row) for row in due.select_for_update().order_by("begins_at", "id")[:limit]]


def list_plans(*, currency: str = "", sku: str = "", limit: int) -> list[PlannedPrice]:
    """This function will return the prices that wait for their moment, the next first."""
    rows = PlannedRow.objects.filter(state=PLANNED)
    if currency:
        rows = rows.filter(currency=currency)
    if sku:
        rows = rows.filter(sku=sku)
    return [_plan(row) for row in rows.order_by("begins_at", "id")[:limit]]


def list_currencies() -> list[str]:
    """This function will return the currencies in which something has a price, in their order."""
    return [currency for (currency,) in db.fetch(sql.load(_PACKAGE, "list_currencies"))]


def _changes(rows: Iterable[ChangeRow]) -> list[PriceChange]:
    kept = list(rows)
    undone = set(ChangeRow.objects.filter(undoes__in=[row.pk for row in kept]).values_list("undoes", flat=True))
    return [
        PriceChange(
            id=row.pk,
            sku=row.sku,
            currency=row.currency,
            before=row.before,
            after=row.after,
            changed_at=row.changed_at,
            changed_by=row.changed_by,
            approved_by=row.approved_by,
            why=row.why,
            undoes=row.undoes,
            is_undone=row.pk in undone,
        )
        for row in kept
    ]


def _plan(row: PlannedRow) -> PlannedPrice:
    return PlannedPrice(
        id=row.pk,
        sku=row.sku,
        currency=row.currency,
        amount=row.amount,
        begins_at=row.begins_at,
        state=row.state,
        planned_at=row.planned_at,
        planned_by=row.planned_by,
        approved_by=row.approved_by,
        why=row.why,
    )


def _named(product: str | None, variant: str) -> str:
    return variant if not product or product == variant else f"{product} · {variant}"


def _behind(start: str) -> str:
    """Return the first text, in the order of code points, that does not begin so."""
    return start + chr(0x10FFFF)
