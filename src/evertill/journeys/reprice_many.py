"""Change many prices: all of a list by a percentage, or those of a table that came from a spreadsheet; looked at first.

Each price is one item of a bulk and is changed as one is changed elsewhere. Where one of them moves by more than the
percentage that staff may change alone, another person approves all of them together.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from evertill.domains import catalog, preferences
from evertill.domains.access import Permission
from evertill.domains.catalog import NewPrice, Priced
from evertill.domains.trail import Subject
from evertill.journeys.bulk_item import BulkOperation, Forecast, Target, Task
from evertill.journeys.change_prices import change_approved, change_prices, read_price, write_price
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel import config
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import InvalidMoney
from evertill.kernel.sheets import csv_bytes, unguard

__all__ = ["COLUMNS", "REPRICE_MANY", "BadLine", "TableUnusable", "read_table", "targets_by_percent", "write_table"]

COLUMNS = ("sku", "title", "currency", "price")
_PART = 500


class TableUnusable(EvertillError):
    """This is no table of prices."""

    code = "TABLE_UNUSABLE"
    remedy = "Take the table as it was saved here, change the column price, and keep the heading."


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line of a table that cannot be used, and why."""

    line: int
    reason: str


def write_table(*, asker: Asker, currency: str, search: str = "", now: dt.datetime) -> bytes:
    """This function will write a price list as a CSV table that spreadsheets open; raises Forbidden.

    Read again as it is, it changes nothing.
    """
    rows = _all_prices(asker, currency, search=search, now=now)
    return csv_bytes(
        COLUMNS, [(one.sku, one.title, currency, write_price(one.amount, currency=currency)) for one in rows]
    )


def read_table(*, asker: Asker, text: str, now: dt.datetime) -> tuple[list[Target], list[BadLine]]:
    """This function will return which prices a table changes, and its lines that cannot be used.

    Commas, semicolons or tabs stand between its cells. What is as it was is left out. Raises Forbidden and
    TableUnusable.
    """
    read, bad = _read_lines(text)
    known: dict[tuple[str, str], int | None] = {}
    for currency in {currency for _, _, currency, _ in read}:
        skus = [sku for _, sku, of, _ in read if of == currency]
        with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(currency), now=now):
            prices = catalog.prices.read_prices(skus=skus, currency=currency)
        known |= {(sku, currency): amount for sku, amount in prices.items()}
    targets: dict[str, Target] = {}
    for line, sku, currency, after in read:
        name = f"{sku} {currency}"
        if (sku, currency) not in known:
            bad.append(BadLine(line=line, reason=f"There is no SKU '{sku[:64]}'."))
        elif name in targets:
            bad.append(BadLine(line=line, reason=f"{name} stands in the table twice."))
        elif known[sku, currency] != after:
            targets[name] = _target(NewPrice(sku=sku, before=known[sku, currency], after=after), currency)
    return list(targets.values()), sorted(bad, key=lambda one: one.line)


def targets_by_percent(
    *, asker: Asker, currency: str, search: str, percent: Decimal, step: int, now: dt.datetime
) -> list[Target]:
    """This function will return what a list's prices become by a percentage, rounded half up to a step.

    Those that stay as they are, and what has no price, are left out. Raises Forbidden.
    """
    return [
        _target(price, currency)
        for price in (
            NewPrice(sku=one.sku, before=one.amount, after=catalog.rules.scale(one.amount, percent=percent, step=step))
            for one in _all_prices(asker, currency, search=search, now=now)
            if one.amount is not None
        )
        if price.before != price.after
    ]


def _all_prices(asker: Asker, currency: str, *, search: str, now: dt.datetime) -> list[Priced]:
    most = config.get().bulk_items_max
    found: list[Priced] = []
    with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(currency), now=now):
        while len(found) <= most:
            after = found[-1].sku if found else ""
            part = catalog.prices.list_prices(currency=currency, search=search, after=after, limit=_PART)
            found += part
            if len(part) < _PART:
                return found
    raise TableUnusable(f"There are more than {most} prices in it; choose SKUs that begin alike.")


def _read_lines(text: str) -> tuple[list[tuple[int, str, str, int | None]], list[BadLine]]:
    plain = text.removeprefix("\ufeff")
    heading = plain.partition("\n")[0]
    separator = max("\t;,", key=heading.count)
    reader = csv.reader(io.StringIO(plain, newline=""), delimiter=separator)
    try:
        columns = [unguard(cell).strip().lower() for cell in next(reader, [])]
        if not {"sku", "currency", "price"} <= set(columns):
            raise TableUnusable("Its heading has no sku, currency and price.")
        return _read_rows(reader, columns)
    except csv.Error as error:
        raise TableUnusable(f"Its quotation marks are broken: {error}.") from None


def _read_rows(reader: Any, columns: Sequence[str]) -> tuple[list[tuple[int, str, str, int | None]], list[BadLine]]:  # noqa: ANN401 — csv has no name for its reader.
    read: list[tuple[int, str, str, int | None]] = []
    bad: list[BadLine] = []
    places = [columns.index(name) for name in ("sku", "currency", "price")]
    for cells in reader:
        line = reader.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(read) > config.get().bulk_items_max:
            raise TableUnusable(f"It has more than {config.get().bulk_items_max} lines.")
        if len(cells) <= max(places):
            bad.append(BadLine(line=line, reason=f"It has {len(cells)} cells where the heading has {len(columns)}."))
            continue
        sku, currency, price = (unguard(cells[place]).strip() for place in places)
        try:
            read.append((line, sku, currency, read_price(price, currency=currency)))
        except InvalidMoney as error:
            bad.append(BadLine(line=line, reason=error.detail))
    return read, bad


def _target(price: NewPrice, currency: str) -> Target:
    content = {"sku": price.sku, "currency": currency, "before": price.before, "after": price.after}
    return Target(subject=f"{price.sku} {currency}", content=content)


def _price_of(content: Mapping[str, Any]) -> NewPrice:
    return NewPrice(sku=content["sku"], before=content["before"], after=content["after"])


def _look_at(
    *, asker: Asker, targets: Sequence[Target], options: Mapping[str, Any], now: dt.datetime
) -> list[Forecast]:
    del asker, options, now
    known: dict[tuple[str, str], int | None] = {}
    for currency in {target.content["currency"] for target in targets}:
        skus = [target.content["sku"] for target in targets if target.content["currency"] == currency]
        prices = catalog.prices.read_prices(skus=skus, currency=currency)
        known |= {(sku, currency): amount for sku, amount in prices.items()}
    return [_foresee(target, known) for target in targets]


def _foresee(target: Target, known: Mapping[tuple[str, str], int | None]) -> Forecast:
    price, currency = _price_of(target.content), target.content["currency"]
    if known.get((price.sku, currency)) != price.before:
        return Forecast(refused_code="CHANGED_MEANWHILE", refused="Somebody else has changed this price meanwhile.")
    return Forecast(
        before=f"{write_price(price.before, currency=currency) or '—'} {currency}",
        after=f"{write_price(price.after, currency=currency) or '—'} {currency}",
    )


def _is_large(targets: Sequence[Target], options: Mapping[str, Any]) -> bool:
    del options
    alone = Fraction(preferences.number(preferences.Name.PRICE_ALONE_PERCENT), 100)
    return any(
        price.before is not None
        and price.after is not None
        and catalog.rules.share_of(before=price.before, after=price.after) > alone
        for price in (_price_of(target.content) for target in targets)
    )


def _change_one(task: Task) -> str:
    price, currency = _price_of(task.content), str(task.content["currency"])
    change = change_approved if task.approved_by else change_prices
    given = {"approved_by": task.approved_by} if task.approved_by else {}
    change(asker=task.asker, currency=currency, prices=[price], why=task.why, now=task.now, **given)
    return ""


def _subject(currency: str) -> Subject:
    return Subject(kind="price-list", id=currency[:16])


REPRICE_MANY = BulkOperation(
    name="prices.change-many",
    says="Change prices",
    kind="price",
    permission=Permission.PRICES_EDIT,
    preview=_look_at,
    apply=_change_one,
    approval=_is_large,
)
