"""Change many prices: all of a list by a percentage, or those of a table that came from a spreadsheet; looked at first.

Each price is one item of a bulk and is changed as one is changed elsewhere. Where one of them moves by more than the
percentage that staff may change alone, another person approves all of them together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import IO, Any

from evertill.domains import catalog, preferences
from evertill.domains.access import Permission
from evertill.domains.catalog import NewPrice, Priced
from evertill.domains.trail import Subject
from evertill.journeys.bulk_item import BulkOperation, Forecast, Target, Task
from evertill.journeys.change_prices import PriceUnchanged, change_approved, change_prices, read_price, write_price
from evertill.journeys.export_table import Cell, Filters, Table
from evertill.journeys.permitted import Asker, permitted
from evertill.journeys.table_rows import Sent, Wrong, of_bad
from evertill.kernel import config, money, tables
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import InvalidMoney, Money
from evertill.kernel.tables import Row

__all__ = ["COLUMNS", "REPRICE_MANY", "TooManyAtOnce", "price_table", "read_prices", "targets_by_percent"]

COLUMNS = ("sku", "title", "currency", "price", "was")
_PART = 500
_NO_PRICE = "This is not a price; write it like 1234.50, without signs or separators."
_NO_CURRENCY = "This is not a currency code of three capital letters."


class TooManyAtOnce(EvertillError):
    """The list has more prices than change at once."""

    code = "TOO_MANY_AT_ONCE"
    status = "too_large"
    remedy = "Choose SKUs that begin alike, and do it in parts."


def price_table(currency: str) -> Table:
    """This function will return a price list as a table; `was` is what each price was when the table was saved."""

    def read(filters: Filters, most: int) -> Iterator[Sequence[Cell]]:
        after, left = "", most
        while left > 0:
            part = catalog.prices.list_prices(
                currency=currency, search=filters.get("q", ""), after=after, limit=min(_PART, left)
            )
            for one in part:
                price = None if one.amount is None else money.as_decimal(Money(amount=one.amount, currency=currency))
                yield one.sku, one.title, currency, price, price
            if len(part) < _PART:
                return
            after, left = part[-1].sku, left - len(part)

    return Table(
        name=f"prices-{currency}",
        permission=Permission.PRICES_EDIT,
        is_personal=False,
        columns=COLUMNS,
        read=read,
        comes_back=True,
    )


def read_prices(*, asker: Asker, file: IO[bytes], now: dt.datetime) -> Sent:
    """This function will return which prices a table changes, and its rows that cannot be used.

    A price that is what it `was` says nothing, whatever it has become meanwhile. Raises Forbidden and
    tables.FileUnusable.
    """
    table = tables.read_table(
        file, required=("sku", "currency", "price"), is_known=COLUMNS.__contains__, limits=tables.limits()
    )
    read, wrong = _read_rows(table.rows)
    wrong += [of_bad(row) for row in table.bad]
    known = _read_known(asker, [(price.sku, currency) for _, price, currency in read], now=now)
    has_was = "was" in table.columns
    targets: list[Target] = []
    met: dict[str, int] = {}
    untouched = 0
    for line, price, currency in read:
        name, pair = f"{price.sku} {currency}", (price.sku, currency)
        if name in met:
            wrong.append(
                Wrong(line=line, says="%(name)s stands in row %(line)s too.", facts={"name": name, "line": met[name]})
            )
        elif pair not in known:
            says = "There is no SKU %(sku)s. Spreadsheets drop leading zeros, for example."
            wrong.append(Wrong(line=line, says=says, facts={"sku": price.sku[:64]}))
        elif price.after in ((price.before, known[pair]) if has_was else (known[pair],)):
            untouched += 1
        else:
            before = price.before if has_was else known[pair]
            targets.append(_target(NewPrice(sku=price.sku, before=before, after=price.after), currency, line=line))
        met.setdefault(name, line)
    wrong.sort(key=lambda one: one.line)
    return Sent(targets=targets, wrong=wrong, changed=len(targets), untouched=untouched)


def targets_by_percent(
    *, asker: Asker, currency: str, search: str, percent: Decimal, step: int, now: dt.datetime
) -> list[Target]:
    """This function will return what a list's prices become by a percentage, rounded half up to a step.

    Those that stay as they are, and what has no price, are left out. Raises Forbidden and TooManyAtOnce.
    """
    most = config.get().bulk_items_max
    targets: list[Target] = []
    after = ""
    with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(currency), now=now):
        while part := catalog.prices.list_prices(currency=currency, search=search, after=after, limit=_PART):
            scaled = (_scaled(one, percent=percent, step=step) for one in part)
            targets += [_target(price, currency) for price in scaled if price.before != price.after]
            if len(targets) > most:
                raise TooManyAtOnce(f"There are more than {most} prices in it.")
            after = part[-1].sku
    return targets


def _scaled(one: Priced, *, percent: Decimal, step: int) -> NewPrice:
    after = None if one.amount is None else catalog.rules.scale(one.amount, percent=percent, step=step)
    return NewPrice(sku=one.sku, before=one.amount, after=after)


def _read_rows(rows: Sequence[Row]) -> tuple[list[tuple[int, NewPrice, str]], list[Wrong]]:
    read: list[tuple[int, NewPrice, str]] = []
    wrong: list[Wrong] = []
    for row in rows:
        cells, currency = row.cells, row.cells["currency"]
        if not money.is_currency(currency):
            # Also of a row without a price, which would take one away that is not there.
            wrong.append(Wrong(line=row.line, says=_NO_CURRENCY))
            continue
        try:
            before = read_price(cells.get("was", ""), currency=currency)
            after = read_price(cells["price"], currency=currency)
        except InvalidMoney:
            wrong.append(Wrong(line=row.line, says=_NO_PRICE))
        else:
            read.append((row.line, NewPrice(sku=cells["sku"], before=before, after=after), currency))
    return read, wrong


def _read_known(
    asker: Asker, wanted: Sequence[tuple[str, str]], *, now: dt.datetime
) -> dict[tuple[str, str], int | None]:
    known: dict[tuple[str, str], int | None] = {}
    for currency in sorted({currency for _, currency in wanted}):
        skus = [sku for sku, of in wanted if of == currency]
        with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(currency), now=now):
            prices = catalog.prices.read_prices(skus=skus, currency=currency)
        known |= {(sku, currency): amount for sku, amount in prices.items()}
    return known


def _target(price: NewPrice, currency: str, *, line: int | None = None) -> Target:
    content = {"sku": price.sku, "currency": currency, "before": price.before, "after": price.after}
    return Target(subject=f"{price.sku} {currency}", label=f"({line})" if line else "", content=content)


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
    _change(task, str(task.content["currency"]), [_price_of(task.content)])
    return ""


def _change_together(tasks: Sequence[Task]) -> Sequence[str]:
    """Change the prices of several things, each list in one change; raises where one of them does not move."""
    of_lists: dict[str, list[NewPrice]] = {}
    for task in tasks:
        of_lists.setdefault(str(task.content["currency"]), []).append(_price_of(task.content))
    for currency, prices in sorted(of_lists.items()):
        _change(tasks[0], currency, prices)
    return [""] * len(tasks)


def _change(task: Task, currency: str, prices: Sequence[NewPrice]) -> None:
    change = change_approved if task.approved_by else change_prices
    given = {"approved_by": task.approved_by} if task.approved_by else {}
    changes = change(asker=task.asker, currency=currency, prices=prices, why=task.why, now=task.now, **given)
    if len(changes) != len(prices):
        raise PriceUnchanged("Some of these prices are what they are to be.")


def _subject(currency: str) -> Subject:
    return Subject(kind="price-list", id=currency[:16])


REPRICE_MANY = BulkOperation(
    name="prices.change-many",
    says="Change prices",
    kind="price",
    permission=Permission.PRICES_EDIT,
    preview=_look_at,
    apply=_change_one,
    apply_together=_change_together,
    approval=_is_large,
)
