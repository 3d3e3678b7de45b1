"""`evertill replay` as an operator runs it; on the real invoices it says what anybody can count in the file."""

from __future__ import annotations

import csv
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest
from django.db import connection

from evertill.kernel import config
from tests import tables
from tests.contracts import command, web
from tests.invoices import real_file
from tests.sandbox.provider import Provider

# What a replay writes; the token that it issues itself, and how often somebody looked, are not among it.
WRITTEN = (
    "catalog_product", "catalog_price", "stock_item", "stock_movement", "orders_order", "orders_line", "orders_event",
    "payments_intent", "payments_move", "payments_refund", "ledger_transaction", "ledger_balance",
)  # fmt: skip
SMALL = """InvoiceNo,StockCode,Description,Quantity,UnitPrice,CustomerID
1,22222,HOLDER,6,2.55,17850
C2,22222,HOLDER,-2,2.55,17850
C3,22222,HOLDER,-1,2.55,
"""


@dataclass(slots=True, kw_only=True)
class Sums:
    lines: int = 0
    units: int = 0
    pence: int = 0

    def add(self, units: int, price: int) -> None:
        self.lines, self.units, self.pence = self.lines + 1, self.units + units, self.pence + units * price

    def __str__(self) -> str:
        return f"{self.lines:,} {'line' if self.lines == 1 else 'lines'}, {self.units:,} units, {gbp(self.pence)}"


@dataclass(slots=True, kw_only=True)
class Counted:
    """What the file comes to, counted here and nowhere else: every piece that was sold is an entry of its own."""

    orders: Counter[str] = field(default_factory=Counter)
    sold_units: int = 0
    given: Sums = field(default_factory=Sums)
    given_by: Counter[tuple[str, str]] = field(default_factory=Counter)
    left: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))
    in_part: int = 0
    free: int = 0
    net: int = 0

    @property
    def refunded(self) -> Counter[str]:
        """Pence that went back, by invoice of the sale."""
        back = Counter[str]()
        for (_, invoice), pence in self.given_by.items():
            back[invoice] += pence
        return back


def count(path: Path) -> Counted:
    counted = Counted()
    pieces: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    prices: dict[tuple[str, str], set[int]] = defaultdict(set)
    with path.open(encoding="cp1252", newline="") as file:
        for row in csv.DictReader(file):
            pounds, _, pence = row["UnitPrice"].partition(".")
            price, units = int(pounds) * 100 + int(pence.ljust(2, "0") or 0), int(row["Quantity"])
            who = (row["CustomerID"], row["StockCode"])
            counted.net += units * price
            if units > 0 and price > 0 and not row["InvoiceNo"].startswith("C"):
                counted.orders[row["InvoiceNo"]] += units * price
                counted.sold_units += units
                pieces[(*who, price)] += [row["InvoiceNo"]] * units
                prices[who].add(price)
            elif units > 0:
                counted.free += 1
            elif units < 0:
                _take_back(counted, row, price, -units, pieces[(*who, price)], prices[who])
    return counted


def _take_back(
    counted: Counted, row: dict[str, str], price: int, units: int, bought: list[str], prices: set[int]
) -> None:
    if row["StockCode"] in {"AMAZONFEE", "BANK CHARGES", "D", "M", "POST", "S"}:
        why = "they are no goods, but postage, a discount, a fee or a correction"
    elif price == 0:
        why = "they have no price: a correction of the stock"
    elif not row["CustomerID"]:
        why = "no customer is named"
    elif not prices:
        why = "the customer bought none of it earlier in the file"
    elif price not in prices:
        why = "the customer bought it earlier at other prices only"
    else:
        why = "the customer bought no more of it at this price, or returned it before"
        back = [bought.pop() for _ in range(min(units, len(bought)))]
        for invoice in back:
            counted.given_by[row["InvoiceNo"], invoice] += price
        if back:
            counted.given.add(len(back), price)
        units -= len(back)
        counted.in_part += bool(back and units)
    if units:
        counted.left[why].add(units, price)


def gbp(pence: int) -> str:
    return f"£{pence // 100:,}.{pence % 100:02}"


def replay(file: Path, *words: str, url: str, env: dict[str, str], data: Path) -> subprocess.CompletedProcess[str]:
    return command.run(env, "replay", file, "--url", url, "--data", data, *words, seconds=1800)


def beginning(file: Path, into: Path) -> Path:
    """The invoices of the first days; all of them are for drills."""
    with file.open("rb") as lines:
        into.write_bytes(b"".join(islice(lines, 4_000)))
    return into


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.csv"
    file.write_text(SMALL, encoding="cp1252")
    return file


class TestWithoutSandbox:
    def test_says_what_to_do_and_places_on_demand_only(
        self, site: web.Site, shop_env: dict[str, str], small: Path, tmp_path: Path
    ) -> None:
        ended = replay(small, url=site.url, env=shop_env, data=tmp_path)

        assert ended.returncode == 1
        assert ended.stderr.splitlines() == [
            "evertill: This shop takes no payments through Sandbox.",
            "  Every order that was placed stands, and none stands twice; so does every payment and every refund.",
            (
                "  Start the shop with --sandbox (or --demo) and run the same command again: it goes on where it"
                " stopped. With --no-pay it places the orders only."
            ),
        ]

        placed = replay(small, "--no-pay", url=site.url, env=shop_env, data=tmp_path)

        assert (placed.returncode, placed.stderr) == (0, "")
        assert "Paid:            nothing, because of --no-pay\n" in placed.stdout
        assert "  1 line, 2 units, £5.10: the order they were sold by is not paid here\n" in placed.stdout
        assert (tables.count("orders_order"), tables.count("payments_intent")) == (1, 0)


@pytest.fixture
def paying_site(sandbox: Provider, committed_db: None) -> Iterator[web.Site]:
    keys = sandbox.folder / "sandbox" / "sandbox-keys.json"
    with web.running(
        config.get().database_url, workers=2, sandbox_url=sandbox.url, sandbox_keys=str(keys)
    ) as running_site:
        yield running_site
        assert '"level": "error"' not in running_site.log()


@pytest.mark.skipif(real_file() is None, reason="the retailer's invoices are not on this machine")
class TestRealInvoices:
    def test_are_paid_and_given_back_as_counted_in_the_file_however_often(
        self,
        paying_site: web.Site,
        sandbox: Provider,
        shop_env: dict[str, str],
        tmp_path: Path,
        pytestconfig: pytest.Config,
    ) -> None:
        whole = real_file()
        assert whole is not None
        is_whole = pytestconfig.getoption("drill")
        file = whole if is_whole else beginning(whole, tmp_path / "beginning.csv")
        counted = count(file)
        if is_whole:
            self.counts_as_the_readme(counted)
        report = tmp_path / "report.csv"

        first = replay(file, "--report", str(report), url=paying_site.url, env=shop_env, data=tmp_path)

        assert (first.returncode, first.stderr) == (0, "")
        self.says_what_was_counted(first.stdout, counted)
        self.reports_what_was_left(report, counted)
        self.stands_as_counted(counted)
        self.is_what_sandbox_has(sandbox, counted)
        self.is_sound(shop_env, tmp_path)
        # Nobody is to hear of purchases of years ago, and nobody has anything to look after.
        assert (tables.count("messages_message"), tables.count("incidents_alert")) == (0, 0)

        before = {table: tables.rows(table) for table in WRITTEN}
        second = replay(file, url=paying_site.url, env=shop_env, data=tmp_path)

        assert (second.returncode, second.stderr) == (0, "")
        assert {table: tables.rows(table) == rows for table, rows in before.items()} == dict.fromkeys(WRITTEN, True)
        sold = sum(counted.orders.values())
        placed = f"{len(counted.orders)} orders, {counted.sold_units:,} units, {gbp(sold)}"
        assert f"There already:   {placed}\n" in second.stdout
        assert f"{len(counted.given_by):,} of them earlier\n" in second.stdout

    def says_what_was_counted(self, said: str, counted: Counted) -> None:
        sold, back = sum(counted.orders.values()), counted.given.pence
        left = Sums()
        for item in counted.left.values():
            left = Sums(lines=left.lines + item.lines, units=left.units + item.units, pence=left.pence + item.pence)
        in_part = f", {counted.in_part} of them given back in part" if counted.in_part else ""
        assert said[said.index("Placed now:") :].splitlines() == [
            f"Placed now:      {len(counted.orders)} orders, {counted.sold_units:,} units, {gbp(sold)}",
            "There already:   0 orders, 0 units, £0.00",
            f"Paid:            {len(counted.orders)} orders, {gbp(sold)} captured",
            (
                f"Given back:      {counted.given}, in {len(counted.given_by)} refunds of {len(counted.refunded)}"
                f" orders for {len({invoice for invoice, _ in counted.given_by})} returns"
            ),
            f"Not given back:  {left}{in_part}",
            *(f"  {counted.left[why]}: {why}" for why in _in_the_order_said(said, counted)),
            f"The whole file:  {gbp(sold)} sold − {gbp(back + left.pence)} returned = {gbp(counted.net)}",
            f"In the database: {len(counted.orders)} orders, {counted.sold_units:,} units, {gbp(sold)}",
            (
                f"                 {len(counted.orders)} paid: {gbp(sold)} captured − {gbp(back)} given back"
                f" = {gbp(sold - back)}"
            ),
        ]

    def counts_as_the_readme(self, counted: Counted) -> None:
        """What the README of the data says, so that this count is no echo of the command's own."""
        sold, left = sum(counted.orders.values()), sum(item.lines for item in counted.left.values())
        assert (len(counted.orders), counted.sold_units, gbp(sold)) == (927, 206_704, "£505,932.10")
        assert (counted.given.lines + left - counted.in_part, counted.free) == (408 + 67, 118)

    def reports_what_was_left(self, report: Path, counted: Counted) -> None:
        with report.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        reported: dict[str, Sums] = defaultdict(Sums)
        for row in rows:
            if row["pieces"]:
                value = int(row["value"].replace(".", ""))
                reported[row["why"]].add(-int(row["pieces"]), value // int(row["pieces"]))
        assert reported == counted.left
        assert Counter(row["why"] for row in rows if not row["pieces"]) == {"its price is not positive": counted.free}

    def stands_as_counted(self, counted: Counted) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select sum(amount) from ledger_transaction cross join unnest(amounts) as amount")
            assert cursor.fetchone() == (0,)
            cursor.execute("select sum(balance) from ledger_balance")
            assert cursor.fetchone() == (0,)
            cursor.execute(
                """
                select placed.state, placed.total, sum(intent.captured), sum(intent.refunded), (
                    select coalesce(sum(refund.amount), 0)
                    from payments_refund as refund
                    where refund.state = 'SUCCEEDED'
                      and refund.intent_id = any(array_agg(intent.id))
                )
                from orders_order as placed
                join payments_intent as intent on intent.order_id = placed.id
                group by placed.id
                """
            )
            stand = cursor.fetchall()
            cursor.execute("select sum(returned) from orders_line")
            assert cursor.fetchone() == (counted.given.units,)
        refunded = counted.refunded
        assert sorted(stand) == sorted(
            ("REFUNDED" if refunded[invoice] == total else "PAID", total, total, refunded[invoice], refunded[invoice])
            for invoice, total in counted.orders.items()
        )
        assert all(back <= captured for _, _, captured, _, back in stand)

    def is_what_sandbox_has(self, sandbox: Provider, counted: Counted) -> None:
        cursor, captured, refunded = "", 0, 0
        while True:
            page = sandbox.get("/v1/ledger", **({"cursor": cursor} if cursor else {}))
            captured += sum(item["captured"] for item in page["payments"])
            refunded += sum(item["refunded"] for item in page["payments"])
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert (captured, refunded) == (sum(counted.orders.values()), counted.given.pence)

    def is_sound(self, env: dict[str, str], data: Path) -> None:
        ended = command.run(env, "audit", "--data", data, seconds=600)
        assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "The books are sound."), ended.stdout


def _in_the_order_said(said: str, counted: Counted) -> list[str]:
    return sorted(counted.left, key=said.find)
