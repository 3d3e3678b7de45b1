"""Many prices at once: by a percentage or by a table, looked at first; a table that nobody edited changes nothing."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evertill.domains import catalog
from evertill.domains.catalog import ProductDraft, Text, VariantDraft
from evertill.journeys import reprice_many as many
from evertill.journeys import table_rows
from evertill.journeys.change_prices import change_prices
from evertill.journeys.export_table import Form, export_table
from evertill.journeys.make_bulk import make_bulk
from evertill.journeys.permitted import Asker, Forbidden
from evertill.journeys.reprice_many import price_table, read_prices, targets_by_percent
from evertill.kernel import db
from evertill.kernel.tables import BadRow
from tests.askers import customer, staff
from tests.builders import NOON, make_product

pytestmark = pytest.mark.usefixtures("committed_db")

# Each is something that a spreadsheet, or a careless reader of tables, makes something else of.
NASTY = [
    "=1+1", "'=1+1", "+44", "-5", "@SUM(A1)", "007", "1e3", 'say "hi"', "a,b;c", "two  spaces", "茶叶", "שלום", "'",
    "''quoted", "1/2", "TRUE", "#REF!", "A\u202eB"[:1] + "x", "emoji🫖",
]  # fmt: skip


@pytest.fixture
def ada() -> Asker:
    make_product("TEA", prices={"GBP": 1000})
    make_product("PEN", prices={"GBP": 99, "EUR": 120})
    make_product("FREE", prices={})
    return staff(1, "administrator")


def saved(asker: Asker, currency: str = "GBP", form: Form = "csv") -> bytes:
    return export_table(asker=asker, table=price_table(currency), filters={}, form=form, why="", now=NOON).content


def table(asker: Asker, currency: str = "GBP") -> str:
    return saved(asker, currency).decode("utf-8")


def contents(asker: Asker, sent: str | bytes) -> list[tuple[str, int | None, int | None]]:
    read = read_prices(asker=asker, content=sent.encode() if isinstance(sent, str) else sent, now=NOON)
    assert read.wrong == []
    return [(one.subject, one.content["before"], one.content["after"]) for one in read.targets]


class TestTable:
    def test_has_every_price_of_a_list(self, ada: Asker) -> None:
        rows = list(csv.reader(io.StringIO(table(ada).removeprefix("\ufeff"))))

        assert rows == [
            ["sku", "title", "currency", "price", "was"],
            ["FREE", "Title of FREE", "GBP", "", ""],
            ["PEN", "Title of PEN", "GBP", "0.99", "0.99"],
            ["TEA", "Title of TEA", "GBP", "10.00", "10.00"],
        ]

    def test_changes_nothing_when_nobody_edited_it(self, ada: Asker) -> None:
        assert contents(ada, table(ada)) == contents(ada, table(ada, "EUR")) == []
        assert contents(ada, saved(ada, form="xlsx")) == []

    def test_changes_what_was_edited(self, ada: Asker) -> None:
        text = table(ada).replace("10.00,", "11.50,").replace("0.99,", ",").replace("GBP,,\r\n", "GBP,3,\r\n", 1)

        assert contents(ada, text) == [("FREE GBP", None, 300), ("PEN GBP", 99, None), ("TEA GBP", 1000, 1150)]

    @pytest.mark.parametrize("separator", [";", "\t"])
    def test_is_read_as_spreadsheets_give_it(self, ada: Asker, separator: str) -> None:
        text = f"SKU{separator}currency{separator}price\nTEA{separator}GBP{separator}11\n"

        assert contents(ada, text) == [("TEA GBP", 1000, 1100)]

    def test_says_nothing_of_a_price_that_nobody_touched_while_it_moved(self, ada: Asker) -> None:
        text = table(ada)
        moved = [catalog.NewPrice(sku="TEA", before=1000, after=1100)]
        change_prices(asker=ada, currency="GBP", prices=moved, why="", now=NOON)

        assert contents(ada, text) == []

    def test_overwrites_no_price_that_moved_meanwhile(self, ada: Asker) -> None:
        text = table(ada).replace("10.00,", "10.50,")
        moved = [catalog.NewPrice(sku="TEA", before=1000, after=1100)]
        change_prices(asker=ada, currency="GBP", prices=moved, why="", now=NOON)

        sent = read_prices(asker=ada, content=text.encode(), now=NOON)
        (seen,) = many.REPRICE_MANY.preview(asker=ada, targets=sent.targets, options={}, now=NOON)

        assert seen.refused_code == "CHANGED_MEANWHILE"

    def test_names_the_rows_that_cannot_be_used(self, ada: Asker) -> None:
        rows = ["GONE,GBP,1", "TEA,GBP,1e3", "TEA,gbp,1", "TEA", "TEA,gbp,", "TEA,GBP,1,1", "TEA,GBP,11", "TEA,GBP,12"]
        text = "\n".join(["sku,currency,price", *rows, ""])

        sent = read_prices(asker=ada, content=text.encode(), now=NOON)

        assert [one.subject for one in sent.targets] == ["TEA GBP"]
        assert [(one.line, one.reason) for one in sent.wrong] == [
            (2, "There is no SKU GONE. Spreadsheets drop leading zeros, for example."),
            (3, "This is not a price; write it like 1234.50, without signs or separators."),
            (4, "This is not a currency code of three capital letters."),
            (5, "This is not a currency code of three capital letters."),
            (6, "This is not a currency code of three capital letters."),
            (7, table_rows.of_bad(BadRow(line=7, reason="")).reason),
            (9, "TEA GBP stands in row 8 too."),
        ]

    def test_needs_the_permission(self, ada: Asker) -> None:
        for asker in (customer(9), staff(2, "support")):
            with pytest.raises(Forbidden):
                table(asker)
            with pytest.raises(Forbidden):
                read_prices(asker=asker, content=b"sku,currency,price\nTEA,GBP,1\n", now=NOON)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_round_trips_whatever_goods_are_called(self, ada: Asker, data: st.DataObject) -> None:
        words = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=40))
        sku = data.draw(words.filter(lambda text: catalog.fault_of_sku(text) is None))
        title = data.draw(words.filter(lambda text: catalog.rules.fault_of_title(text) is None))
        amount = data.draw(st.integers(0, 10**12))
        with db.write():
            if catalog.find_homes(skus=[sku]):
                return
            slug = f"p-{abs(hash((sku, title, amount)))}"
            draft = ProductDraft(
                slug=slug, texts={"en": Text(title=title)}, variants=[VariantDraft(sku=sku, prices={"GBP": amount})]
            )
            catalog.save_products(drafts=[draft], now=NOON)

        text = table(ada)

        assert contents(ada, text) == []
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
        # Nothing in it is a formula to a spreadsheet.
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)


class TestPercent:
    def test_says_what_every_price_becomes(self, ada: Asker) -> None:
        targets = targets_by_percent(asker=ada, currency="GBP", search="", percent=Decimal(5), step=5, now=NOON)

        assert [(one.subject, one.content["before"], one.content["after"]) for one in targets] == [
            ("PEN GBP", 99, 105),
            ("TEA GBP", 1000, 1050),
        ]

    def test_keeps_to_the_skus_that_were_meant(self, ada: Asker) -> None:
        targets = targets_by_percent(asker=ada, currency="GBP", search="T", percent=Decimal(5), step=1, now=NOON)

        assert [one.subject for one in targets] == ["TEA GBP"]


class TestBulk:
    def test_looks_at_each_price_before_it_changes_any(self, ada: Asker) -> None:
        targets = targets_by_percent(asker=ada, currency="GBP", search="", percent=Decimal(5), step=1, now=NOON)

        made = make_bulk(asker=ada, operation=many.REPRICE_MANY.name, targets=targets, why="Spring", now=NOON)

        assert made.id
        assert catalog.prices.read_prices(skus=["TEA"], currency="GBP") == {"TEA": 1000}

    def test_foresees_what_somebody_else_has_changed(self, ada: Asker) -> None:
        targets = targets_by_percent(asker=ada, currency="GBP", search="T", percent=Decimal(5), step=1, now=NOON)
        change_prices(
            asker=ada,
            currency="GBP",
            prices=[catalog.NewPrice(sku="TEA", before=1000, after=1100)],
            why="",
            now=NOON,
        )

        (seen,) = many.REPRICE_MANY.preview(asker=ada, targets=targets, options={}, now=NOON)

        assert seen.refused_code == "CHANGED_MEANWHILE"

    @pytest.mark.parametrize(("percent", "large"), [(5, False), (20, False), (21, True), (-50, True)])
    def test_needs_another_person_where_one_moves_far(self, ada: Asker, percent: int, large: bool) -> None:
        targets = targets_by_percent(
            asker=ada, currency="GBP", search="TEA", percent=Decimal(percent), step=1, now=NOON
        )

        assert many.REPRICE_MANY.approval is not None
        assert many.REPRICE_MANY.approval(targets, {}) is large
