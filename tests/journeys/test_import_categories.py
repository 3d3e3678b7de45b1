"""Importing categories, and products into them by name: nothing half, and again changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from evertill.domains import catalog
from evertill.domains.catalog import Saved
from evertill.journeys.import_categories import import_categories
from evertill.journeys.import_products import RowsRejected
from evertill.kernel.csvfile import FileUnusable
from tests.builders import NOON
from tests.domains.test_categories import all_shelves, listed
from tests.journeys.test_import_products import Importer

pytestmark = pytest.mark.django_db

HEAD = "sku,title,price,currency,stock,category"


@pytest.fixture
def importer(tmp_path: Path) -> Importer:
    return Importer(tmp_path / "products.csv")


class TestProducts:
    def test_stand_in_the_categories_that_are_named(self, importer: Importer) -> None:
        rows = (
            "TEA-1,Oolong,8.50,GBP,5,Drinks > Tea; Gifts",
            "COF-1,Arabica,9.00,GBP,5,Drinks>Coffee",
            "茶-1,红茶,9.00,GBP,5,喝的",
            "LMP-1,Lamp,29.00,GBP,5,",
        )
        done = importer(*rows, head=HEAD)

        assert done.products == Saved(created=4)
        assert [
            (slug, parent, title) for slug, parent, title in all_shelves() if slug.isascii() and title.isascii()
        ] == [
            ("drinks", "", "Drinks"),
            ("tea", "drinks", "Tea"),
            ("coffee", "drinks", "Coffee"),
            ("gifts", "", "Gifts"),
        ]
        assert len(all_shelves()) == 5
        assert len(listed("drinks")) == 2
        assert importer(*rows, head=HEAD).products == Saved(unchanged=4)
        assert len(all_shelves()) == 5

    def test_keep_theirs_where_a_cell_is_empty_and_leave_all_by_a_stroke(self, importer: Importer) -> None:
        importer("TEA-1,Oolong,8.50,GBP,5,Tea", head=HEAD)

        importer("TEA-1,Oolong,8.50,GBP,5,", head=HEAD)
        assert listed("tea") == ["oolong-tea-1"]
        importer("TEA-1,Oolong,8.50,GBP,5,-", head=HEAD)
        assert listed("tea") == []

    def test_tell_apart_categories_of_one_name_below_others(self, importer: Importer) -> None:
        importer("A,A,1,GBP,1,Women > Shoes", "B,B,1,GBP,1,Men > Shoes", head=HEAD)

        assert all_shelves() == [
            ("women", "", "Women"),
            ("shoes", "women", "Shoes"),
            ("men", "", "Men"),
            ("men-shoes", "men", "Shoes"),
        ]

    def test_are_refused_with_a_category_that_cannot_be(self, importer: Importer) -> None:
        faults = importer.faults(
            "A,A,1,GBP,1,X > Y > Z",
            "B,B,1,GBP,1,X > ",
            f"C,C,1,GBP,1,{'x' * 81}",
            f"D,D,1,GBP,1,{';'.join(f'c{number}' for number in range(9))}",
            head=HEAD,
        )

        assert [line for line, _ in faults] == [2, 3, 4, 5]
        assert "2 levels" in faults[0][1]
        assert "The title is empty." in faults[1][1]
        assert "80 is the most" in faults[2][1]
        assert "8 is the most" in faults[3][1]
        assert all_shelves() == []

    def test_agree_on_them_in_all_rows(self, importer: Importer) -> None:
        head = f"{HEAD},product"
        faults = importer.faults("A,A,1,GBP,1,X,Lamp", "B,B,1,GBP,1,Y,Lamp", "A,A,1,EUR,1,Z,Lamp", head=head)

        assert "another category in line 2" in str(faults)
        assert "differs in category" in str(faults)


class TestCategories:
    def write(self, folder: Path, *lines: str, head: str = "slug,title,parent,title_zh-hans") -> Path:
        path = folder / "categories.csv"
        path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        return path

    def test_are_named_ordered_and_placed(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, "food,Food,,吃的", "drinks,Drinks,,喝的", "tea,Tea,drinks,茶")

        assert import_categories(path, dry_run=True, now=NOON).categories == Saved(created=3)
        assert all_shelves() == []
        assert import_categories(path, now=NOON).categories == Saved(created=3)
        assert all_shelves("zh-hans") == [("food", "", "吃的"), ("drinks", "", "喝的"), ("tea", "drinks", "茶")]
        assert import_categories(path, now=NOON).categories == Saved(unchanged=3)

    def test_can_be_renamed_and_moved(self, tmp_path: Path) -> None:
        import_categories(self.write(tmp_path, "drinks,Drinks,,", "tea,Tea,drinks,"), now=NOON)

        done = import_categories(
            self.write(tmp_path, "tea,Teas,,", "drinks,,,", head="slug,title,parent,title_zh-hans"), now=NOON
        )

        assert done.categories == Saved(changed=2)
        assert all_shelves() == [("tea", "", "Teas"), ("drinks", "", "Drinks")]

    def test_are_refused_whole(self, tmp_path: Path) -> None:
        with pytest.raises(RowsRejected) as rejected:
            import_categories(self.write(tmp_path, "a b,X,,", "c,Y,c,"), now=NOON)
        with pytest.raises(catalog.categories.CategoryIncomplete):
            import_categories(self.write(tmp_path, "a,A,,", "b,B,nowhere,"), now=NOON)
        with pytest.raises(FileUnusable, match="Unknown columns: text_en"):
            import_categories(self.write(tmp_path, "a,A,x", head="slug,title,text_en"), now=NOON)

        assert [bad.line for bad in rejected.value.bad] == [2, 3]
        assert all_shelves() == []
