"""Importing products: every bad row is told with its line, all or nothing is taken, and again changes nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from decimal import Decimal
from pathlib import Path

import pytest

from evertill.domains import catalog, stock, trail
from evertill.domains.catalog.models import Price, Product, ProductText, Variant
from evertill.domains.stock.models import StockMovement
from evertill.journeys.import_products import Imported, RowsRejected, import_products
from evertill.kernel import config, sheets
from evertill.kernel.csvfile import BadRow, FileUnusable
from tests import tables
from tests.askers import MACHINE
from tests.builders import NOON, ask, balance, place_one

pytestmark = pytest.mark.django_db

LATER = NOON + dt.timedelta(hours=1)
HEAD = "sku,title,price,currency,stock"


class Importer:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, *lines: str, head: str = HEAD, dry_run: bool = False, now: dt.datetime = NOON) -> Imported:
        self.path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        return import_products(self.path, now=now, dry_run=dry_run)

    def faults(self, *lines: str, head: str = HEAD) -> list[tuple[int, str]]:
        """What is wrong with the file; asserts that nothing at all was imported."""
        before = everything()
        with pytest.raises(RowsRejected) as rejected:
            self(*lines, head=head)
        assert everything() == before
        return [(bad.line, bad.reason) for bad in rejected.value.bad]


@pytest.fixture
def importer(tmp_path: Path) -> Importer:
    return Importer(tmp_path / "products.csv")


def everything() -> list[list[tuple[object, ...]]]:
    names = ("catalog_product", "catalog_product_text", "catalog_variant", "catalog_price")
    return [tables.rows(name) for name in (*names, "stock_item", "stock_movement")]


def movements(sku: str) -> list[tuple[str, int]]:
    return list(StockMovement.objects.filter(sku=sku).order_by("id").values_list("kind", "quantity"))


class TestImport:
    def test_puts_products_on_sale(self, importer: Importer) -> None:
        done = importer("LMP-1,Amber Lamp,29.00,GBP,60", "TEA-1,Oolong,8.5,GBP,")

        assert done == Imported(skus=2, products=catalog.Saved(created=2), stock_moved=1, encoding="utf-8-sig")
        assert catalog.find_offers(skus=["LMP-1", "TEA-1"], currency="GBP").get() == {
            "LMP-1": catalog.Offer(sku="LMP-1", title="Amber Lamp", unit_price=2900),
            "TEA-1": catalog.Offer(sku="TEA-1", title="Oolong", unit_price=850),
        }
        assert (balance("LMP-1"), movements("LMP-1")) == ((60, 0), [("RECEIVED", 60)])
        assert (balance("TEA-1"), movements("TEA-1")) == ((0, 0), [])
        assert stock.find_differences() == []

    def test_again_changes_nothing(self, importer: Importer) -> None:
        lines = ("LMP-1,Amber Lamp,29.00,GBP,60", "LMP-1,Amber Lamp,228,CNY,60", "85123a,x,1,GBP,1", "85123A,x,1,GBP,1")
        importer(*lines)
        before = everything()

        done = importer(*lines, now=LATER)

        assert (done.products, done.stock_moved) == (catalog.Saved(unchanged=3), 0)
        assert everything() == before

    def test_a_dry_run_counts_the_same_and_changes_nothing(self, importer: Importer) -> None:
        before = everything()

        done = importer("LMP-1,Amber Lamp,29.00,GBP,60", dry_run=True)

        assert (done.products, done.stock_moved) == (catalog.Saved(created=1), 1)
        assert everything() == before

    def test_stock_says_what_lies_on_the_shelf(self, importer: Importer) -> None:
        importer("TEA,Tea,1,GBP,10")
        place_one(ask(lines={"TEA": 4}))

        importer("TEA,Tea,1,GBP,7")
        importer("TEA,Tea,1,GBP,12")

        assert balance("TEA") == (12, 4)
        assert movements("TEA") == [("RECEIVED", 10), ("RESERVED", 4), ("CORRECTED", -3), ("CORRECTED", 5)]
        assert stock.find_differences() == []

    def test_never_counts_away_what_customers_were_promised(self, importer: Importer) -> None:
        importer("TEA,Tea,1,GBP,10")
        place_one(ask(lines={"TEA": 4}))

        assert importer.faults("LMP,Lamp,1,GBP,1", "TEA,Tea,1,GBP,3") == [
            (3, "SKU TEA: 4 pieces are promised to customers, so 3 cannot be all.")
        ]

    def test_prices_in_several_currencies_are_several_rows(self, importer: Importer) -> None:
        importer("TEA,Tea,1.5,GBP,5", "TEA,Tea,15,CNY,5", "TEA,Tea,200,JPY,5", "TEA,Tea,1.5,GBP,5")

        assert set(Price.objects.values_list("currency", "amount")) == {("GBP", 150), ("CNY", 1500), ("JPY", 200)}
        assert balance("TEA") == (5, 0)

    def test_variants_languages_and_the_rest(self, importer: Importer) -> None:
        importer(
            'TEA-50,"Oolong, 50 g",8.50,GBP,5,Oolong,oolong,Whole leaf.,乌龙,整叶,draft,',
            'TEA-150,"Oolong, 150 g",21,GBP,2,Oolong,,,,,,',
            "GIFT,Gift card,10,GBP,,,gift,,电子礼品卡,,,unlimited",
            head=HEAD + ",product,slug,text,title_zh-hans,text_zh-hans,status,stock_kind",
        )

        assert set(Product.objects.values_list("slug", "status")) == {("oolong", "DRAFT"), ("gift", "ACTIVE")}
        assert set(Variant.objects.values_list("product__slug", "sku", "title", "position")) == {
            ("oolong", "TEA-50", "Oolong, 50 g", 0),
            ("oolong", "TEA-150", "Oolong, 150 g", 1),
            ("gift", "GIFT", "Gift card", 0),
        }
        assert set(ProductText.objects.values_list("product__slug", "language", "title", "text")) == {
            ("oolong", "en", "Oolong", "Whole leaf."),
            ("oolong", "zh-hans", "乌龙", "整叶"),
            ("gift", "en", "Gift card", ""),
            ("gift", "zh-hans", "电子礼品卡", ""),
        }
        assert stock.read_items(skus=["GIFT"])["GIFT"].kind is stock.Kind.UNLIMITED

    def test_one_of_several_variants_keeps_the_products_texts(self, importer: Importer) -> None:
        head = HEAD + ",product"
        importer("TEA-50,Oolong 50 g,8,GBP,5,Oolong", "TEA-150,Oolong 150 g,21,GBP,2,Oolong", head=head)

        done = importer("TEA-50,Oolong small,9,GBP,5")

        assert done.products == catalog.Saved(changed=1)
        assert ProductText.objects.get().title == "Oolong"
        assert catalog.find_offers(skus=["TEA-50"], currency="GBP").get()["TEA-50"] == catalog.Offer(
            sku="TEA-50", title="Oolong small", unit_price=900
        )

    def test_skus_that_differ_by_case_are_two_products(self, importer: Importer) -> None:
        importer("85123A,Holder,2.55,GBP,6", "85123a,Holder,2.95,GBP,7")

        slugs = dict(Variant.objects.values_list("sku", "product__slug"))
        assert slugs["85123A"] == "holder-85123a"
        assert slugs["85123a"].startswith("holder-85123a-")
        assert (balance("85123A"), balance("85123a")) == ((6, 0), (7, 0))

    def test_reads_cp1252_and_says_so(self, importer: Importer) -> None:
        importer.path.write_bytes(f"{HEAD}\nC-1,Crème brûlée £2,2,GBP,1\n".encode("cp1252"))

        assert import_products(importer.path, now=NOON).encoding == "cp1252"
        assert Variant.objects.get().title == "Crème brûlée £2"


class TestFaults:
    def test_every_bad_row_is_told_with_every_reason(self, importer: Importer) -> None:
        assert importer.faults(
            "A,Lamp,4.505,GBP,1",
            "B,Lamp,4.50,gbp,1",
            "C,Lamp,-1,GBP,x",
            ",Lamp,1,GBP,1",
            "E,,1,GBP,1",
            "F,Lamp,1",
            "G,Lamp,1,GBP,1",
            f"{'H' * 65},Lamp,1,GBP,1",
            f"I,{'灯' * 201},1,GBP,1",
        ) == [
            (2, "'4.505' has more decimals than GBP has."),
            (3, "'gbp' is not a currency code of three capital letters."),
            (4, "'-1' is not a price; write it like 1234.50, without signs or separators."),
            (4, f"'x' is not a number of pieces from 0 to {10**9}."),
            (5, "The SKU is empty."),
            (6, "The title is empty."),
            (7, "It has 3 cells where the heading has 5."),
            (9, "The SKU has 65 characters; 64 is the most."),
            (10, "The title has 201 characters; 200 is the most."),
        ]

    @pytest.mark.parametrize(
        "price", ["", "1,50", "£1", "1e3", "1_000", "NaN", "Infinity", "+1", "--1", "1.", ".5", "１２", "9" * 20, "0x1"]
    )
    def test_a_price_is_plain_digits(self, importer: Importer, price: str) -> None:
        ((line, _),) = importer.faults(f'A,Lamp,"{price}",GBP,1')

        assert line == 2

    @pytest.mark.parametrize("pieces", ["-1", "1.0", "1e3", "1_0", "٣", str(10**9 + 1), "9" * 30])
    def test_stock_is_plain_digits(self, importer: Importer, pieces: str) -> None:
        assert importer.faults(f"A,Lamp,1,GBP,{pieces}") == [
            (2, f"'{pieces}' is not a number of pieces from 0 to {10**9}.")
        ]

    def test_free_goods_and_an_empty_shelf_are_no_faults(self, importer: Importer) -> None:
        importer("A,Sample,0,GBP,0")

        assert (Price.objects.get().amount, balance("A")) == (0, (0, 0))

    def test_a_sku_twice_with_different_data(self, importer: Importer) -> None:
        assert importer.faults("A,Lamp,1,GBP,1", "A,Lamp,2,GBP,1", "A,Torch,1,CNY,2") == [
            (3, "SKU A stands in line 2 too, and differs in price."),
            (4, "SKU A stands in line 2 too, and differs in title, stock."),
        ]

    def test_quotes_and_zero_bytes_do_not_hide_the_other_rows(self, importer: Importer) -> None:
        importer.path.write_bytes(f'{HEAD}\n"A"x,Lamp,1,GBP,1\nB,La\0mp,1,GBP,1\nC,,1,GBP,1\n"D,Lamp,1\n'.encode())

        with pytest.raises(RowsRejected) as rejected:
            import_products(importer.path, now=NOON)

        assert rejected.value.bad == (
            BadRow(line=2, reason="The quotation marks are broken: ',' expected after '\"'."),
            BadRow(line=3, reason="It has a zero byte."),
            BadRow(line=4, reason="The title is empty."),
            BadRow(line=5, reason="The quotation marks are broken: unexpected end of data."),
        )
        assert everything() == [[], [], [], [], [], []]

    def test_what_contradicts_the_shop(self, importer: Importer) -> None:
        importer("A,Lamp,1,GBP,1", "G,Gift,1,GBP,", head=HEAD)

        assert importer.faults(
            "A,Lamp,1,GBP,1,torch,,",
            "B,Bulb,1,GBP,1,bulb,,",
            "C,Bulb,1,GBP,1,bulb,,",
            "D,Tea S,1,GBP,1,tea,Tea,",
            "E,Tea L,1,GBP,1,teas,Tea,",
            "H,Gift,1,GBP,5,,,UNLIMITED",
            "I,Gift,1,GBP,5,,,ENDLESS",
            head=HEAD + ",slug,product,stock_kind",
        ) == [
            (2, "SKU A belongs to the product lamp-a already, not to torch."),
            (4, "Line 3 has slug bulb too. Variants of one product name it in the column product."),
            (6, "Its product 'Tea' has another slug in line 5, where it is named first."),
            (7, "The stock of an unlimited SKU is left empty."),
            (8, "'ENDLESS' is not a stock_kind; it is one of COUNTED, UNLIMITED."),
        ]

    def test_a_stock_kind_that_is_another_already(self, importer: Importer) -> None:
        head = HEAD + ",stock_kind"
        importer("A,Lamp,1,GBP,1,", "G,Gift,1,GBP,,UNLIMITED", head=head)

        assert importer.faults("A,Lamp,1,GBP,,UNLIMITED", "G,Gift,1,GBP,5,", head=head) == [
            (2, "SKU A is COUNTED already, which an import does not change."),
            (3, "SKU G is unlimited; its stock is left empty."),
        ]

    def test_unknown_columns_are_most_often_misspelt_ones(self, importer: Importer) -> None:
        with pytest.raises(FileUnusable) as refused:
            importer("A,Lamp,1,GBP,1,灯", head=HEAD + ",titel_zh-hans")

        assert refused.value.detail.startswith("Unknown columns: titel_zh-hans. ")

    def test_too_many_rows_take_nothing(self, importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
        small = dataclasses.replace(config.get(), import_rows_max=1)
        monkeypatch.setattr(config, "get", lambda: small)

        with pytest.raises(FileUnusable):
            importer("A,Lamp,1,GBP,1", "B,Lamp,1,GBP,1")
        assert everything() == [[], [], [], [], [], []]


class TestRecord:
    def test_says_who_did_it_with_which_file_and_how_much_it_was(self, importer: Importer) -> None:
        importer("LMP-1,Amber Lamp,29.00,GBP,60", dry_run=True)
        for dry_run in (True, False):
            import_products(importer.path, now=NOON, dry_run=dry_run, actor=MACHINE.actor)

        (record,) = trail.read_records(search=trail.Search(), limit=9)
        assert (record.operation, record.actor_id, record.subject_id) == ("catalog.import", "root", "products")
        assert json.loads(record.after) == {
            "created": 1,
            "changed": 0,
            "stock_moved": 1,
            "sha256": hashlib.sha256(importer.path.read_bytes()).hexdigest(),
        }


class TestExcel:
    def test_is_read_as_a_text_is(self, tmp_path: Path) -> None:
        path = tmp_path / "products.xlsx"
        rows: list[list[sheets.Cell]] = [["007", "=1+1", Decimal("8.50"), "GBP", 500], ["LMP-1", "灯", 29, "GBP", None]]
        path.write_bytes(sheets.xlsx_bytes("Products", HEAD.split(","), rows))

        done = import_products(path, now=NOON)
        again = import_products(path, now=LATER)

        assert (done.skus, done.products.created, done.stock_moved, done.encoding) == (2, 2, 1, "Excel")
        assert (again.products.unchanged, again.stock_moved) == (2, 0)
        assert sorted(Variant.objects.values_list("sku", "title")) == [("007", "=1+1"), ("LMP-1", "灯")]
        assert sorted(Price.objects.values_list("amount", flat=True)) == [850, 2900]

    def test_tells_of_its_rows_and_takes_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "products.xlsx"
        path.write_bytes(sheets.xlsx_bytes("Products", HEAD.split(","), [["A", "Lamp", "ten", "GBP", 1]]))

        with pytest.raises(RowsRejected) as rejected:
            import_products(path, now=NOON)

        assert [bad.line for bad in rejected.value.bad] == [2]
        path.write_bytes(path.read_bytes()[:600])
        with pytest.raises(FileUnusable):
            import_products(path, now=NOON)
        assert everything() == [[], [], [], [], [], []]
