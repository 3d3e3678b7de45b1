"""Categories at the desk: named, ordered, put below others, out of use; with a history, and nobody overwritten."""

from __future__ import annotations

import pytest

from evertill.domains import catalog, trail
from evertill.domains.bulk import ItemState
from evertill.domains.catalog import ProductDraft, Text, UnknownCategory, VariantDraft
from evertill.domains.catalog.categories import CategoryIncomplete
from evertill.domains.catalog.history import UndoneAlready
from evertill.domains.trail import Search
from evertill.journeys.browse_products import list_categories as list_on_show
from evertill.journeys.edit_category import (
    CategoryTaken,
    Shelf,
    add_category,
    edit_category,
    list_categories,
    move_category,
    read_category,
    read_history,
    targets_to_move,
    undo_category,
)
from evertill.journeys.edit_many_products import EDIT_MANY
from evertill.journeys.make_bulk import confirm_bulk, make_bulk
from evertill.journeys.permitted import Asker, Forbidden
from evertill.journeys.run_bulk import run_one
from evertill.journeys.view_bulk import list_items
from evertill.kernel import db
from evertill.kernel.versions import ChangedMeanwhile
from tests.askers import customer, staff
from tests.builders import NOON

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def ada() -> Asker:
    asker = staff(1, "administrator")
    for title, parent in (("Drinks", ""), ("Gifts", ""), ("Tea", "drinks"), ("Coffee", "drinks")):
        made(asker, title, parent=parent)
    with db.write():
        texts = {"en": Text(title="Green")}
        variants = [VariantDraft(sku="GREEN")]
        draft = ProductDraft(slug="green", texts=texts, variants=variants, categories=["tea", "gifts"])
        catalog.save_products(drafts=[draft], now=NOON)
    return asker


def made(asker: Asker, title: str, *, parent: str = "", slug: str = "") -> Shelf:
    return add_category(asker=asker, slug=slug, titles={"en": title}, parent=parent, why="", now=NOON)


def order(asker: Asker) -> list[str]:
    return [one.shelf.slug for one in list_categories(asker=asker, now=NOON)]


def edited(asker: Asker, slug: str, **wanted: str | bool) -> None:
    named = {name.replace("_", ":", 1): value for name, value in wanted.items()}
    seen = read_category(asker=asker, slug=slug, now=NOON).values
    edit_category(asker=asker, slug=slug, seen={name: seen.get(name) for name in named}, wanted=named, why="", now=NOON)


def on_show() -> list[str]:
    return [view.slug for view in list_on_show(languages=["en"])]


class TestAdd:
    def test_comes_last_of_its_siblings(self, ada: Asker) -> None:
        assert order(ada) == ["drinks", "tea", "coffee", "gifts"]
        assert [one.products for one in list_categories(asker=ada, now=NOON)] == [0, 1, 0, 1]

    def test_has_an_address_of_its_own(self, ada: Asker) -> None:
        with pytest.raises(CategoryTaken):
            made(ada, "Other tea", slug="tea")
        assert made(ada, "Tea").slug != "tea"
        assert made(ada, "茶").slug not in ("", "tea")

    @pytest.mark.parametrize(("title", "parent"), [("", ""), ("x" * 81, ""), ("Green", "tea"), ("Green", "nowhere")])
    def test_needs_a_title_and_two_levels_at_most(self, ada: Asker, title: str, parent: str) -> None:
        with pytest.raises(CategoryIncomplete):
            made(ada, title, parent=parent)
        assert order(ada) == ["drinks", "tea", "coffee", "gifts"]


class TestEdit:
    def test_renames_and_can_be_taken_back(self, ada: Asker) -> None:
        named = {"title:en": "Teas", "title:zh-hans": "茶"}
        seen = read_category(asker=ada, slug="tea", now=NOON).values

        change = edit_category(
            asker=ada, slug="tea", seen={name: seen.get(name) for name in named}, wanted=named, why="Nicer", now=NOON
        )

        assert change is not None
        assert (change.before, change.after) == ({"title:en": "Tea", "title:zh-hans": None}, named)
        assert trail.read_records(search=Search(operation="catalog.edit"), limit=1)[0].why == "Nicer"
        undo_category(asker=ada, slug="tea", number=change.number, why="", now=NOON)
        assert read_category(asker=ada, slug="tea", now=NOON).values == seen
        with pytest.raises(UndoneAlready):
            undo_category(asker=ada, slug="tea", number=change.number, why="", now=NOON)

    def test_changes_the_order_and_can_be_taken_back(self, ada: Asker) -> None:
        move_category(asker=ada, slug="coffee", by=-1, now=NOON)
        assert order(ada) == ["drinks", "coffee", "tea", "gifts"]

        change = move_category(asker=ada, slug="gifts", by=-1, now=NOON)
        assert order(ada) == ["gifts", "drinks", "coffee", "tea"]
        assert change is not None
        assert (change.before, change.after) == ({"place": "2"}, {"place": "1"})
        assert move_category(asker=ada, slug="gifts", by=-1, now=NOON) is None

        undo_category(asker=ada, slug="gifts", number=change.number, why="", now=NOON)
        assert order(ada) == ["drinks", "coffee", "tea", "gifts"]

    def test_puts_it_below_another_with_its_products(self, ada: Asker) -> None:
        edited(ada, "tea", parent="gifts")

        assert order(ada) == ["drinks", "coffee", "gifts", "tea"]
        assert on_show() == ["gifts", "tea"]
        (change,) = read_history(asker=ada, slug="tea", limit=1, now=NOON)
        undo_category(asker=ada, slug="tea", number=change.number, why="", now=NOON)
        assert order(ada) == ["drinks", "tea", "coffee", "gifts"]
        assert on_show() == ["drinks", "tea", "gifts"]

    def test_puts_none_below_itself_or_on_a_third_level(self, ada: Asker) -> None:
        for slug, parent in (("drinks", "gifts"), ("tea", "tea"), ("tea", "coffee")):
            with pytest.raises(CategoryIncomplete):
                edited(ada, slug, parent=parent)

    def test_tells_who_changes_what_another_one_changed(self, ada: Asker) -> None:
        seen = {"title:en": "Tea"}
        edited(ada, "tea", title_en="Theirs")

        with pytest.raises(ChangedMeanwhile):
            edit_category(asker=ada, slug="tea", seen=seen, wanted={"title:en": "Mine"}, why="", now=NOON)

        assert read_category(asker=ada, slug="tea", now=NOON).values["title:en"] == "Theirs"

    def test_is_for_who_edits_the_catalogue(self, ada: Asker) -> None:
        del ada
        for asker in (customer(9), staff(2, "support")):
            with pytest.raises(Forbidden):
                edited(asker, "tea", title_en="Mine")
            with pytest.raises(Forbidden):
                made(asker, "Mine")


class TestRetire:
    def test_is_seen_by_no_customer_and_keeps_what_stands_in_it(self, ada: Asker) -> None:
        edited(ada, "drinks", retired=True)

        assert on_show() == ["gifts"]
        for slug in ("drinks", "tea"):
            with pytest.raises(UnknownCategory):
                catalog.list_products(languages=["en"], category=slug, cursor=None, limit=9)
        (change,) = read_history(asker=ada, slug="drinks", limit=1, now=NOON)
        undo_category(asker=ada, slug="drinks", number=change.number, why="", now=NOON)
        assert on_show() == ["drinks", "tea", "gifts"]

    def test_is_what_taking_back_a_new_one_comes_to(self, ada: Asker) -> None:
        undo_category(asker=ada, slug="gifts", number=1, why="", now=NOON)

        assert read_category(asker=ada, slug="gifts", now=NOON).values["retired"] is True


class TestMove:
    @pytest.mark.parametrize(("to", "after"), [("coffee", ["coffee", "gifts"]), ("gifts", ["gifts"]), ("", ["gifts"])])
    def test_takes_all_products_to_another_one(self, ada: Asker, to: str, after: list[str]) -> None:
        targets = targets_to_move(asker=ada, slug="tea", to=to, now=NOON)
        bulk = make_bulk(asker=ada, operation=EDIT_MANY.name, targets=targets, why="", now=NOON)
        confirm_bulk(asker=ada, bulk_id=bulk.id, now=NOON)
        while run_one(bulk_id=bulk.id, now=NOON):
            pass

        (item,) = list_items(asker=ada, bulk_id=bulk.id, limit=9, now=NOON)
        assert (item.subject, item.state) == ("green", ItemState.DONE)
        categories = catalog.editing.read_card(slug="green").values["categories"]
        assert isinstance(categories, list)
        assert sorted(categories) == after
