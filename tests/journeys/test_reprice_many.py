"""Many prices at once: by a percentage or by a table, looked at first; a table that nobody edited changes nothing."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evertill.domains import bulk, catalog, preferences, trail
from evertill.domains.catalog import NewPrice, ProductDraft, Text, VariantDraft
from evertill.domains.trail import Search
from evertill.journeys import reprice_many as many
from evertill.journeys import table_rows
from evertill.journeys.change_prices import change_prices, undo_price
from evertill.journeys.export_table import Form, export_table
from evertill.journeys.make_bulk import confirm_bulk, make_bulk
from evertill.journeys.permitted import Asker, Forbidden
from evertill.journeys.reprice_many import price_table, read_prices, targets_by_percent
from evertill.journeys.run_bulk import run_next
from evertill.kernel import db
from evertill.kernel.tables import BadRow
from tests.askers import MACHINE, customer, staff
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
    read = read_prices(asker=asker, file=io.BytesIO(sent.encode() if isinstance(sent, str) else sent), now=NOON)
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

        sent = read_prices(asker=ada, file=io.BytesIO(text.encode()), now=NOON)
        (seen,) = many.REPRICE_MANY.preview(asker=ada, targets=sent.targets, options={}, now=NOON)

        assert seen.refused_code == "CHANGED_MEANWHILE"

    def test_names_the_rows_that_cannot_be_used(self, ada: Asker) -> None:
        rows = ["GONE,GBP,1", "TEA,GBP,1e3", "TEA,gbp,1", "TEA", "TEA,gbp,", "TEA,GBP,1,1", "TEA,GBP,11", "TEA,GBP,12"]
        text = "\n".join(["sku,currency,price", *rows, ""])

        sent = read_prices(asker=ada, file=io.BytesIO(text.encode()), now=NOON)

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
                read_prices(asker=asker, file=io.BytesIO(b"sku,currency,price\nTEA,GBP,1\n"), now=NOON)

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


class TestTogether:
    """Many prices are changed in one transaction; each has its own result, its history, its record and its way back."""

    @pytest.fixture(autouse=True)
    def _cups(self, committed_db: None) -> None:
        for number in range(1, 7):
            make_product(f"CUP-{number}", prices={"GBP": 1000, "EUR": 2000})

    def begin(self, asker: Asker, after: int) -> int:
        content = "sku,currency,price,was\n" + "".join(
            f"CUP-{number},{currency},{after / 100},{before / 100}\n"
            for number in range(1, 7)
            for currency, before in (("GBP", 1000), ("EUR", 2000))
        )
        read = read_prices(asker=asker, file=io.BytesIO(content.encode()), now=NOON)
        made = make_bulk(asker=asker, operation="prices.change-many", targets=read.targets, why="spring", now=NOON)
        return confirm_bulk(asker=asker, bulk_id=made.id, now=NOON).id

    def run(self, bulk_id: int) -> dict[str, str]:
        while run_next(bulk_id=bulk_id, limit=100, now=NOON):
            pass
        return {item.subject: item.code or item.state.value for item in bulk.read_items(bulk_id=bulk_id, limit=100)}

    def test_changes_each_and_records_each(self, ada: Asker) -> None:
        results = self.run(self.begin(MACHINE, 1500))

        assert set(results.values()) == {"DONE"}
        assert catalog.prices.read_prices(skus=["CUP-1", "CUP-6"], currency="EUR") == {"CUP-1": 1500, "CUP-6": 1500}
        records = trail.read_records(search=Search(operation="prices.edit"), limit=100)
        assert sorted(record.subject_id for record in records) == sorted(results)
        assert {(record.actor_kind, record.why) for record in records} == {("OPERATOR", "spring")}
        (change,) = catalog.prices.list_changes(sku="CUP-3", currency="GBP", limit=9)
        assert (change.before, change.after, change.why) == (1000, 1500, "spring")
        assert undo_price(asker=MACHINE, change_id=change.id, why="", now=NOON).after == 1000

    def test_leaves_alone_the_one_that_somebody_else_has_changed(self, ada: Asker) -> None:
        bulk_id = self.begin(MACHINE, 1500)
        for sku, after in (("CUP-2", 1100), ("CUP-3", 1500)):
            change_prices(
                asker=MACHINE, currency="GBP", prices=[NewPrice(sku=sku, before=1000, after=after)], why="", now=NOON
            )

        results = self.run(bulk_id)

        assert {subject: code for subject, code in results.items() if code != "DONE"} == {
            "CUP-2 GBP": "CHANGED_MEANWHILE",
            "CUP-3 GBP": "PRICE_UNCHANGED",
        }
        known = catalog.prices.read_prices(skus=["CUP-1", "CUP-2", "CUP-3"], currency="GBP")
        assert known == {"CUP-1": 1500, "CUP-2": 1100, "CUP-3": 1500}

    def test_needs_another_person_for_the_one_that_moves_far_in_a_day(self, ada: Asker) -> None:
        bulk_id = self.small_steps(ada)

        results = self.run(bulk_id)

        assert {subject: code for subject, code in results.items() if code != "DONE"} == {
            "CUP-2 GBP": "APPROVAL_REQUIRED"
        }

    def small_steps(self, asker: Asker) -> int:
        """Every price by a little, of which one has moved nearly as far as may be alone a moment ago."""
        alone = preferences.number(preferences.Name.PRICE_ALONE_PERCENT)
        stepped = [NewPrice(sku="CUP-2", before=1000, after=1000 + 10 * alone)]
        change_prices(asker=asker, currency="GBP", prices=stepped, why="", now=NOON)
        targets = targets_by_percent(
            asker=asker, currency="GBP", search="CUP", percent=Decimal(alone), step=1, now=NOON
        )
        made = make_bulk(asker=asker, operation="prices.change-many", targets=targets, why="spring", now=NOON)
        return confirm_bulk(asker=asker, bulk_id=made.id, now=NOON).id
