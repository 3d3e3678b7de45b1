"""Editing products: history, undo, and two people at once."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from evertill.domains import catalog, stock, trail
from evertill.domains.catalog import Card, ProductDraft, Status, Text, VariantDraft
from evertill.domains.catalog.history import UndoneAlready
from evertill.domains.catalog.models import Change as ChangeRow
from evertill.domains.trail import Search
from evertill.journeys import edit_product as editing
from evertill.journeys.edit_product import AddVariant, SkuTaken, SlugTaken, add_product, edit_product, undo_edit
from evertill.journeys.permitted import Asker, Forbidden
from evertill.kernel import db
from evertill.kernel.versions import ChangedMeanwhile
from tests.askers import customer, staff
from tests.builders import NOON
from tests.kernel.waiting import until
from tests.threads import together

pytestmark = pytest.mark.usefixtures("committed_db")

ADA, BOB = 1, 2
LATER = NOON + dt.timedelta(hours=1)


@pytest.fixture
def ada() -> Asker:
    return staff(ADA, "administrator")


@pytest.fixture
def lamp() -> Card:
    draft = ProductDraft(
        slug="lamp",
        texts={"en": Text(title="Lamp", text="It shines."), "zh-hans": Text(title="灯")},
        variants=[VariantDraft(sku="L-1", title="Small", prices={"GBP": 450}), VariantDraft(sku="L-2", title="Large")],
    )
    with db.write():
        catalog.save_products(drafts=[draft], now=NOON)
        return catalog.editing.read_card(slug="lamp")


def edit(asker: Asker, seen: Card, /, why: str = "", **values: catalog.Plain) -> catalog.Change | None:
    """Change values whose names have a `_` for each `:`, of a card that was seen."""
    wanted = {name.replace("__", "-").replace("_", ":"): value for name, value in values.items()}
    return edit_product(asker=asker, slug="lamp", seen=seen.values, wanted=wanted, why=why, now=LATER)


def now() -> dict[str, catalog.Plain]:
    return dict(catalog.editing.read_card(slug="lamp").values)


class TestCard:
    def test_has_every_value_by_its_name(self, lamp: Card) -> None:
        assert lamp.values == {
            "status": "ACTIVE",
            "categories": [],
            "title:en": "Lamp",
            "text:en": "It shines.",
            "title:zh-hans": "灯",
            "text:zh-hans": "",
            "variant:L-1:title:en": "Small",
            "variant:L-1:shown": True,
            "variant:L-2:title:en": "Large",
            "variant:L-2:shown": True,
        }
        assert lamp.variants == ("L-1", "L-2")


class TestEdit:
    def test_changes_what_was_changed_and_keeps_what_was(self, ada: Asker, lamp: Card) -> None:
        change = edit(ada, lamp, why="It is amber", title_en="Amber lamp", text_en="It shines.")

        assert change is not None
        assert (change.number, change.changed_by, change.why) == (1, f"STAFF:{ADA}", "It is amber")
        assert (change.before, change.after) == ({"title:en": "Lamp"}, {"title:en": "Amber lamp"})
        assert now() == {**lamp.values, "title:en": "Amber lamp"}

    def test_is_on_record(self, ada: Asker, lamp: Card) -> None:
        edit(ada, lamp, why="Out of season", status="ARCHIVED")

        (record,) = trail.read_records(search=Search(operation="catalog.edit"), limit=2)
        assert (record.subject_id, record.actor_id, record.why) == ("lamp", str(ADA), "Out of season")
        assert json.loads(record.before) == {"status": "ACTIVE"}
        assert json.loads(record.after) == {"status": "ARCHIVED", "change": 1}

    def test_is_on_record_also_where_it_is_about_very_many_values(self, ada: Asker, lamp: Card) -> None:
        for number in range(3, 103):
            draft = ProductDraft(slug="lamp", texts={}, variants=[VariantDraft(sku=f"L-{number}", title="灯")])
            with db.write():
                catalog.save_products(drafts=[draft], now=NOON)
        seen = catalog.editing.read_card(slug="lamp")
        wanted = {f"variant:{sku}:title:en": "明" * 200 for sku in seen.variants}

        edit_product(asker=ada, slug="lamp", seen=seen.values, wanted=wanted, why="", now=LATER)

        (record,) = trail.read_records(search=Search(operation="catalog.edit"), limit=2)
        told = json.loads(record.after)
        assert (told["change"], told["variant:L-1:title:en"]) == (1, "明" * 200)
        # What has no place in a record is counted, and stands in the history.
        assert told["left_out"] == 102 - (len(told) - 2) > 0
        (change,) = editing.read_history(asker=ada, slug="lamp", now=LATER)
        assert change.after == wanted

    def test_of_nothing_changes_nothing(self, ada: Asker, lamp: Card) -> None:
        assert edit(ada, lamp, title_en="Lamp") is None
        assert ChangeRow.objects.count() == 0

    def test_is_found_by_the_search_at_once(self, ada: Asker, lamp: Card) -> None:
        edit(ada, lamp, title_en="Lantern", variant_L__1_title_zh__hans="小灯笼")

        for words in ("lantern", "灯笼"):
            found = catalog.list_products(languages=["en"], search=words).products
            assert [product.slug for product in found] == ["lamp"]
        assert catalog.list_products(languages=["en"], search="lantern small").products[0].slug == "lamp"

    def test_shows_variants_in_the_language_of_the_page(self, ada: Asker, lamp: Card) -> None:
        edit(ada, lamp, variant_L__1_title_zh__hans="小号")

        shown = catalog.read_product(slug="lamp", languages=["zh-hans"]).variants
        assert [variant.title for variant in shown] == ["小号", "Large"]
        shown = catalog.read_product(slug="lamp", languages=["en"]).variants
        assert [variant.title for variant in shown] == ["Small", "Large"]

    def test_hides_a_variant(self, ada: Asker, lamp: Card) -> None:
        edit(ada, lamp, variant_L__2_shown=False)

        assert [one.sku for one in catalog.read_product(slug="lamp", languages=["en"]).variants] == ["L-1"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("title_en", ""),
            ("title_en", "x" * 201),
            ("status", "GONE"),
            ("categories", ["nowhere"]),
            ("variant_L__1_title_en", ""),
            ("text_fr", "Il brille."),
            ("colour", "red"),
            ("title_zh__hans", "one\x07"),
        ],
    )
    def test_refuses_what_a_product_cannot_be(self, ada: Asker, lamp: Card, name: str, value: catalog.Plain) -> None:
        with pytest.raises(catalog.ProductIncomplete):
            edit(ada, lamp, why="", **{name: value})

        assert now() == lamp.values

    def test_needs_the_permission(self, lamp: Card) -> None:
        for asker in (customer(9), staff(BOB, "fulfilment")):
            with pytest.raises(Forbidden):
                edit(asker, lamp, title_en="Mine")

        assert now() == lamp.values
        assert len(trail.read_records(search=Search(outcome="REFUSED"), limit=5)) == 2

    def test_adds_a_variant(self, ada: Asker, lamp: Card) -> None:
        added = AddVariant(sku="L-3", titles={"en": "Huge", "zh-hans": "巨大"})
        edit_product(asker=ada, slug="lamp", seen={}, wanted={}, added=added, why="", now=LATER)

        assert catalog.editing.read_card(slug="lamp").variants == ("L-1", "L-2", "L-3")
        assert stock.read_items(skus=["L-3"])["L-3"].on_hand == 0
        with pytest.raises(SkuTaken):
            edit_product(asker=ada, slug="lamp", seen={}, wanted={}, added=added, why="", now=LATER)


class TestTwoAtOnce:
    def test_keep_what_each_of_them_changed(self, ada: Asker, lamp: Card) -> None:
        bob = staff(BOB, "owner")

        edit(ada, lamp, title_en="Amber lamp")
        edit(bob, lamp, text_en="It glows.", title_en="Lamp")

        assert now() == {**lamp.values, "title:en": "Amber lamp", "text:en": "It glows."}

    def test_tell_the_second_both_texts(self, ada: Asker, lamp: Card) -> None:
        edit(ada, lamp, title_en="Amber lamp")

        with pytest.raises(ChangedMeanwhile) as told:
            edit(staff(BOB, "owner"), lamp, title_en="Red lamp", text_en="It glows.")

        assert told.value.facts["changes"] == {"title:en": ("Lamp", "Amber lamp")}
        assert now() == {**lamp.values, "title:en": "Amber lamp"}

    def test_do_not_stand_in_each_others_way_when_they_want_the_same(self, ada: Asker, lamp: Card) -> None:
        edit(ada, lamp, title_en="Amber lamp")

        assert edit(staff(BOB, "owner"), lamp, title_en="Amber lamp") is None

    def test_lose_nothing_however_they_meet(self, lamp: Card) -> None:
        askers = [staff(number, "administrator") for number in range(1, 5)]
        told: list[str] = []
        lock = threading.Lock()

        def work(place: int) -> None:
            for round_ in range(5):
                seen = catalog.editing.read_card(slug="lamp")
                try:
                    edit(askers[place], seen, title_en=f"Lamp {place}.{round_}")
                except ChangedMeanwhile:
                    with lock:
                        told.append(f"Lamp {place}.{round_}")

        together(*(lambda place=place: work(place) for place in range(4)))

        rows = ChangeRow.objects.order_by("number").values_list("number", "before", "after")
        befores = [json.loads(before)["title:en"] for _, before, _ in rows]
        afters = [json.loads(after)["title:en"] for _, _, after in rows]
        assert [number for number, _, _ in rows] == list(range(1, len(rows) + 1))
        # Each began with what the one before it left: nobody wrote over what he had not seen.
        assert befores == ["Lamp", *afters[:-1]]
        assert sorted([*afters, *told]) == sorted(f"Lamp {place}.{round_}" for place in range(4) for round_ in range(5))


class TestUndo:
    def test_brings_back_what_was(self, ada: Asker, lamp: Card) -> None:
        edit(ada, lamp, title_en="Amber lamp", status="DRAFT", title_zh__hans="")

        undone = undo_edit(asker=ada, slug="lamp", number=1, why="A slip", now=LATER)

        assert undone is not None
        assert (undone.number, undone.why) == (2, "A slip")
        assert now() == lamp.values
        first, second = reversed(editing.read_history(asker=ada, slug="lamp", now=LATER))
        assert (first.is_undone, second.undoes) == (True, first.id)

    def test_keeps_what_others_changed_since(self, ada: Asker, lamp: Card) -> None:
        edit(ada, lamp, title_en="Amber lamp")
        edit(ada, lamp, text_en="It glows.")

        undo_edit(asker=ada, slug="lamp", number=1, why="", now=LATER)

        assert now() == {**lamp.values, "text:en": "It glows."}

    def test_is_refused_where_it_would_take_a_later_change_back(self, ada: Asker, lamp: Card) -> None:
        edit(ada, lamp, title_en="Amber lamp")
        edit(ada, catalog.editing.read_card(slug="lamp"), title_en="Red lamp")

        with pytest.raises(ChangedMeanwhile) as told:
            undo_edit(asker=ada, slug="lamp", number=1, why="", now=LATER)

        assert told.value.facts["changes"] == {"title:en": ("Amber lamp", "Red lamp")}
        assert now()["title:en"] == "Red lamp"

    def test_happens_once(self, ada: Asker, lamp: Card) -> None:
        edit(ada, lamp, title_en="Amber lamp")
        undo_edit(asker=ada, slug="lamp", number=1, why="", now=LATER)

        with pytest.raises(UndoneAlready):
            undo_edit(asker=ada, slug="lamp", number=1, why="", now=LATER)

    def test_is_undone_too(self, ada: Asker, lamp: Card) -> None:
        edit(ada, lamp, title_en="Amber lamp")
        undo_edit(asker=ada, slug="lamp", number=1, why="", now=LATER)

        undo_edit(asker=ada, slug="lamp", number=2, why="", now=LATER)

        assert now()["title:en"] == "Amber lamp"

    def test_of_a_new_variant_hides_it(self, ada: Asker, lamp: Card) -> None:
        added = AddVariant(sku="L-3", titles={"en": "Huge"})
        edit_product(asker=ada, slug="lamp", seen={}, wanted={}, added=added, why="", now=LATER)

        undo_edit(asker=ada, slug="lamp", number=1, why="", now=LATER)

        assert (now()["variant:L-3:title:en"], now()["variant:L-3:shown"]) == ("Huge", False)


class TestAdd:
    def test_makes_a_product_that_nobody_sees_yet(self, ada: Asker) -> None:
        card = add_product(asker=ada, slug="", titles={"en": "Tea", "zh-hans": "茶"}, sku="T-1", why="New", now=NOON)

        assert (card.slug, card.values["status"], card.variants) == ("tea-t-1", Status.DRAFT, ("T-1",))
        with pytest.raises(catalog.UnknownProduct):
            catalog.read_product(slug="tea-t-1", languages=["en"])
        (change,) = editing.read_history(asker=ada, slug="tea-t-1", now=NOON)
        assert (change.number, change.before["title:en"], change.after["title:zh-hans"]) == (1, None, "茶")

    def test_refuses_what_is_taken(self, ada: Asker, lamp: Card) -> None:
        with pytest.raises(SlugTaken):
            add_product(asker=ada, slug="lamp", titles={"en": "Lamp"}, sku="NEW", why="", now=NOON)
        with pytest.raises(SkuTaken):
            add_product(asker=ada, slug="", titles={"en": "Lamp"}, sku="L-1", why="", now=NOON)

    @pytest.mark.parametrize(("slug", "error"), [("tea", SlugTaken), ("", SkuTaken)])
    def test_of_the_same_by_two_at_once_makes_one(self, ada: Asker, slug: str, error: type[Exception]) -> None:
        def add(place: int) -> object:
            try:
                titles = {"en": f"Tea {place}" if slug else "Tea"}
                sku = f"T-{place}" if slug else "T-1"
                return add_product(asker=ada, slug=slug, titles=titles, sku=sku, why="", now=NOON)
            except (SlugTaken, SkuTaken) as refused:
                return type(refused)

        with ThreadPoolExecutor(2) as pool:
            with db.write():
                # Until both wait for this, nobody adds anything.
                catalog.categories.lock_writers()
                added = [pool.submit(closing, partial(add, place)) for place in (1, 2)]
                until(lambda: count_waiting() == 2)
            told = [one.result(timeout=60) for one in added]

        (card,) = (one for one in told if isinstance(one, Card))
        assert [one for one in told if one is not card] == [error]
        assert catalog.editing.read_card(slug=card.slug) == card
        assert len(editing.read_history(asker=ada, slug=card.slug, now=NOON)) == 1


def count_waiting() -> int:
    waiting = (
        "select count(*) from pg_locks as lock join pg_database as here on here.oid = lock.database"
        " where not lock.granted and here.datname = current_database()"
    )
    ((count,),) = db.fetch(waiting)
    return int(count)


def closing(call: Callable[[], object]) -> object:
    try:
        return call()
    finally:
        db.close()


class TestList:
    def test_has_hidden_ones_and_pages(self, ada: Asker, lamp: Card) -> None:
        for number in range(3):
            add_product(asker=ada, slug="", titles={"en": f"Tea {number}"}, sku=f"T-{number}", why="", now=NOON)

        def slugs(**asked: object) -> list[str]:
            found = editing.list_products(asker=ada, languages=["en"], limit=2, now=NOON, **asked)  # type: ignore[arg-type]
            return [one.slug for one in found]

        assert slugs() == ["tea-2-t-2", "tea-1-t-1"]
        (_, last) = editing.list_products(asker=ada, languages=["en"], limit=2, now=NOON)
        assert slugs(before=last.id) == ["tea-0-t-0", "lamp"]
        assert slugs(search="lamp") == ["lamp"]
        assert slugs(status="ACTIVE") == ["lamp"]
        assert slugs(search="灯", status="DRAFT") == []
