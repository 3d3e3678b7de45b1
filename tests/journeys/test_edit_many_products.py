"""Many products edited by one bulk: together where that is possible, each with its own result, history and way back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evertill.domains import bulk, catalog, stock, trail
from evertill.domains.bulk import Item, State
from evertill.domains.catalog import CategoryDraft, Plain, ProductDraft, Text, VariantDraft
from evertill.domains.catalog.models import Change, Product
from evertill.domains.trail import Search
from evertill.journeys import bulk_operations, edit_many_products
from evertill.journeys import edit_product as editing
from evertill.journeys.bulk_item import Target, Task
from evertill.journeys.edit_many_products import EDIT_MANY, edit_of
from evertill.journeys.make_bulk import confirm_bulk, find_bulk, make_bulk
from evertill.journeys.permitted import Asker
from evertill.journeys.run_bulk import run_next
from evertill.kernel import config, db
from tests.askers import staff
from tests.builders import NOON
from tests.threads import together

pytestmark = pytest.mark.usefixtures("committed_db")

LATER = NOON + dt.timedelta(hours=1)


@pytest.fixture
def ada() -> Asker:
    return staff(1, "administrator")


@pytest.fixture
def only_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be done by itself fails."""

    def never(_task: Task) -> str:
        raise AssertionError("This was done by itself.")

    monkeypatch.setattr(bulk_operations, "OPERATIONS", (dataclasses.replace(EDIT_MANY, apply=never),))


def make(count: int) -> list[str]:
    """Make products `cup-1` and so on, each of one variant `C-1`, in the category `tea`."""
    with db.write():
        catalog.categories.save_categories(
            drafts=[CategoryDraft(slug=slug, titles={"en": slug.title()}) for slug in ("tea", "gifts")]
        )
        drafts = [
            ProductDraft(
                slug=f"cup-{number}",
                texts={"en": Text(title=f"Cup {number}", text="Old"), "zh-hans": Text(title=f"杯 {number}")},
                variants=[VariantDraft(sku=f"C-{number}", title="One", titles={"zh-hans": "壹"})],
                categories=["tea"],
            )
            for number in range(1, count + 1)
        ]
        catalog.save_products(drafts=drafts, now=NOON)
    return [draft.slug for draft in drafts]


def target(slug: str, *, seen: Any = None, **wanted: Plain) -> Target:
    """What somebody wants of a product as he saw it, by default as it is; names have a `_` for each `:`."""
    named = {name.replace("__", "-").replace("_", ":"): value for name, value in wanted.items()}
    now = catalog.editing.read_card(slug=slug).values
    return edit_of(subject=slug, slug=slug, label="", seen={**now, **(seen or {})}, wanted=named)


def new(sku: str, slug: str = "", **wanted: Plain) -> Target:
    named = {name.replace("__", "-").replace("_", ":"): value for name, value in wanted.items()}
    added = [{"sku": sku, "titles": {"en": "One", "zh-hans": "壹"}, "kind": "COUNTED"}]
    return edit_of(subject=f"+ {sku}", slug=slug, label="", is_new=True, seen={}, wanted=named, added=added)


def begin(asker: Asker, targets: Sequence[Target]) -> int:
    made = make_bulk(asker=asker, operation=EDIT_MANY.name, targets=targets, why="spring", now=NOON)
    return confirm_bulk(asker=asker, bulk_id=made.id, now=NOON).id


def run(bulk_id: int, *, now: dt.datetime = NOON) -> dict[str, Item]:
    while run_next(bulk_id=bulk_id, limit=100, now=now):
        pass
    return {item.subject: item for item in bulk.read_items(bulk_id=bulk_id, limit=500)}


def codes(items: Mapping[str, Item]) -> dict[str, str]:
    return {subject: item.code or item.state.value for subject, item in items.items()}


def values(slug: str) -> Mapping[str, Plain]:
    return catalog.editing.read_card(slug=slug).values


@pytest.mark.usefixtures("only_together")
class TestTogether:
    def test_changes_each_as_one_is_changed(self, ada: Asker) -> None:
        slugs = make(60)
        before = {slug: values(slug) for slug in slugs}
        wanted: list[dict[str, Plain]] = [
            {"title_en": "Lantern", "text_en": "New"},
            {"title_zh__hans": "", "text_zh__hans": ""},
            {"status": "DRAFT", "categories": ["gifts"]},
            {"variant_{}_title_en": "Two", "variant_{}_title_zh__hans": "", "variant_{}_shown": False},
        ]
        targets = [
            target(slug, **{name.format(f"C__{place + 1}"): v for name, v in wanted[place % 4].items()})
            for place, slug in enumerate(slugs)
        ]

        items = run(begin(ada, targets))

        assert codes(items) == dict.fromkeys(slugs, "DONE")
        assert values("cup-1") == {**before["cup-1"], "title:en": "Lantern", "text:en": "New"}
        assert values("cup-2") == {
            name: value for name, value in before["cup-2"].items() if not name.endswith(":zh-hans") or "variant" in name
        }
        assert values("cup-3") == {**before["cup-3"], "status": "DRAFT", "categories": ["gifts"]}
        named = {name: value for name, value in before["cup-4"].items() if name != "variant:C-4:title:zh-hans"}
        assert values("cup-4") == {**named, "variant:C-4:title:en": "Two", "variant:C-4:shown": False}
        # Each has its history, its record, and its way back.
        (change,) = editing.read_history(asker=ada, slug="cup-59", now=LATER)
        assert (change.number, change.changed_by, change.why) == (1, "STAFF:1", "spring")
        assert change.after == {"status": "DRAFT", "categories": ["gifts"]}
        records = trail.read_records(search=Search(operation="catalog.edit"), limit=100)
        assert sorted(record.subject_id for record in records) == sorted(slugs)
        of_59 = next(record for record in records if record.subject_id == "cup-59")
        assert json.loads(of_59.after) == {"status": "DRAFT", "categories": ["gifts"], "change": 1}
        for slug in slugs:
            editing.undo_edit(asker=ada, slug=slug, number=1, why="", now=LATER)
        assert {slug: values(slug) for slug in slugs} == before

    def test_is_found_by_its_new_words_and_by_no_old_ones(self, ada: Asker) -> None:
        slugs = make(3)

        run(begin(ada, [target(slug, title_en=f"Lantern {slug}", text_en="Bright") for slug in slugs]))

        for words, found in (("lantern", slugs), ("bright", slugs), ("cup-2", ["cup-2"]), ("old", [])):
            page = catalog.list_products(languages=["en"], search=words).products
            assert sorted(one.slug for one in page) == found
        assert {one.updated_at for one in Product.objects.all()} == {NOON}

    def test_takes_as_many_statements_for_many_as_for_few(self, ada: Asker) -> None:
        slugs = make(44)

        def statements(some: Sequence[str]) -> int:
            bulk_id = begin(ada, [target(slug, title_en="Lantern", status="DRAFT") for slug in some])
            with CaptureQueriesContext(connection) as captured:
                run_next(bulk_id=bulk_id, limit=100, now=NOON)
            return len(captured)

        assert statements(slugs[:4]) == statements(slugs[4:])

    def test_refuses_each_for_its_own_reason_and_does_the_others(self, ada: Asker) -> None:
        slugs = make(6)
        targets = [target(slug, title_en=f"Mine {slug}") for slug in slugs]
        targets[1] = target("cup-2", seen={"title:en": "Never"}, title_en="Mine")
        targets[2] = target("cup-3", title_en="x" * 201)
        targets[3] = dataclasses.replace(targets[3], content={**targets[3].content, "slug": "gone"})
        # What is there already is done, and changes nothing.
        targets[4] = target("cup-5", title_en="Cup 5")

        items = run(begin(ada, targets))

        assert codes(items) == {
            "cup-1": "DONE",
            "cup-2": "CHANGED_MEANWHILE",
            "cup-3": "PRODUCT_INCOMPLETE",
            "cup-4": "UNKNOWN_PRODUCT",
            "cup-5": "DONE",
            "cup-6": "DONE",
        }
        assert items["cup-2"].note.startswith("The product cup-2 was changed by somebody else: title:en is 'Cup 2'")
        assert {item.tries for item in items.values()} == {1}
        assert [values(slug)["title:en"] for slug in slugs] == [
            "Mine cup-1", "Cup 2", "Cup 3", "Cup 4", "Cup 5", "Mine cup-6"
        ]  # fmt: skip
        assert Change.objects.count() == 2

    def test_gives_a_sku_to_the_first_that_asks_for_it(self, ada: Asker) -> None:
        added = [{"sku": "NEW", "titles": {"en": "New"}, "kind": "UNLIMITED"}]
        targets = [
            edit_of(subject=slug, slug=slug, label="", seen={}, wanted={"variant:NEW:shown": False}, added=added)
            for slug in make(2)
        ]

        items = run(begin(ada, targets))

        assert codes(items) == {"cup-1": "DONE", "cup-2": "SKU_TAKEN"}
        assert catalog.editing.read_card(slug="cup-1").variants == ("C-1", "NEW")
        assert values("cup-1")["variant:NEW:shown"] is False
        assert stock.read_items(skus=["NEW"])["NEW"].kind is stock.Kind.UNLIMITED
        (change,) = editing.read_history(asker=ada, slug="cup-1", now=LATER)
        assert change.after == {"variant:NEW:title:en": "New", "variant:NEW:shown": False}

    def test_makes_new_ones_beside_others(self, ada: Asker) -> None:
        make(1)
        targets = [new("N-1", title_en="Tea", status="ACTIVE", categories=["tea"]), target("cup-1", title_en="Mine")]
        targets += [new("N-2", title_en="Tea", text_en="Said"), new("N-3", "mug", title_en="Mug", title_zh__hans="杯")]

        items = run(begin(ada, targets))

        assert [(one.state.value, one.note) for one in items.values()] == [
            ("DONE", "tea-n-1"),
            ("DONE", ""),
            ("DONE", "tea-n-2"),
            ("DONE", "mug"),
        ]
        assert (values("tea-n-1")["status"], values("tea-n-1")["categories"]) == ("ACTIVE", ["tea"])
        assert values("tea-n-2") == {
            "status": "DRAFT",
            "categories": [],
            "title:en": "Tea",
            "text:en": "Said",
            "variant:N-2:title:en": "One",
            "variant:N-2:title:zh-hans": "壹",
            "variant:N-2:shown": True,
        }
        assert [change.number for change in editing.read_history(asker=ada, slug="tea-n-2", now=LATER)] == [2, 1]
        assert set(stock.read_items(skus=["N-1", "N-2", "N-3"])) == {"N-1", "N-2", "N-3"}

    def test_of_two_bulks_that_want_the_same_product_gives_it_to_one(self, ada: Asker) -> None:
        slugs = make(60)
        bulks = [begin(ada, [target(slug, title_en=f"{who} {slug}") for slug in slugs]) for who in ("Mine", "Theirs")]

        together(*[lambda bulk_id=bulk_id: run(bulk_id) for bulk_id in bulks] * 3)

        mine, theirs = (codes(run(bulk_id)) for bulk_id in bulks)
        for slug in slugs:
            assert sorted([mine[slug], theirs[slug]]) == ["CHANGED_MEANWHILE", "DONE"]
            assert values(slug)["title:en"] == f"{'Mine' if mine[slug] == 'DONE' else 'Theirs'} {slug}"
        assert sorted(Change.objects.values_list("number", flat=True)) == [1] * 60

    def test_is_taken_back_with_what_it_added(self, ada: Asker) -> None:
        (slug,) = make(1)
        before = values(slug)
        added = [{"sku": "NEW", "titles": {"en": "New", "zh-hans": "新"}, "kind": "COUNTED"}]
        wanted: dict[str, Plain] = {"title:en": "Mine", "categories": ["gifts"]}
        run(begin(ada, [edit_of(subject=slug, slug=slug, label="", seen=before, wanted=wanted, added=added)]))

        editing.undo_edit(asker=ada, slug=slug, number=1, why="", now=LATER)

        # Orders may name the variant: it stays, and nobody sees it.
        kept = {"variant:NEW:title:en": "New", "variant:NEW:title:zh-hans": "新", "variant:NEW:shown": False}
        assert values(slug) == {**before, **kept}

    def test_by_eight_at_once_changes_each_once(self, ada: Asker) -> None:
        slugs = make(120)
        bulk_id = begin(ada, [target(slug, title_en=f"Mine {slug}") for slug in slugs])

        together(*[lambda: run(bulk_id)] * 8)

        assert codes(run(bulk_id)) == dict.fromkeys(slugs, "DONE")
        assert sorted(Change.objects.values_list("number", flat=True)) == [1] * 120
        assert find_bulk(bulk_id).state is State.DONE


class TestByThemselves:
    def test_are_done_where_a_new_one_cannot_be_made(self, ada: Asker) -> None:
        make(1)
        targets = [new("N-1", title_en="Tea"), target("cup-1", title_en="Mine"), new("N-2", title_en="Cup")]
        bulk_id = begin(ada, targets)
        editing.add_product(asker=ada, slug="", titles={"en": "First"}, sku="N-1", why="", now=NOON)

        items = run(bulk_id)

        assert codes(items) == {"+ N-1": "SKU_TAKEN", "cup-1": "DONE", "+ N-2": "DONE"}
        assert values("cup-n-2")["title:en"] == "Cup"
        assert Product.objects.count() == 3

    def test_nothing_is_left_of_a_new_one_that_cannot_be_all_that_it_is_to_be(self, ada: Asker) -> None:
        bulk_id = begin(ada, [new("N-1", title_en="Tea", categories=["nowhere"]), new("N-2", title_en="Cup")])

        assert codes(run(bulk_id)) == {"+ N-1": "PRODUCT_INCOMPLETE", "+ N-2": "DONE"}
        assert set(catalog.find_homes(skus=["N-1", "N-2"])) == {"N-2"}
        assert set(stock.read_items(skus=["N-1", "N-2"])) == {"N-2"}

    def test_none_is_lost_or_doubled_when_the_line_breaks_in_the_middle(
        self, ada: Asker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slugs = make(60)
        bulk_id = begin(ada, [target(slug, title_en=f"Mine {slug}") for slug in slugs])
        edit_products = editing.edit_products
        lines = iter([True, True])

        def cut(**asked: object) -> object:
            done = edit_products(**asked)  # type: ignore[arg-type]
            if next(lines, False):
                ((own,),) = db.fetch("select pg_backend_pid()")
                with psycopg.connect(**_other()) as other:
                    other.execute("select pg_terminate_backend(%s, 5000)", (own,))
            return done

        monkeypatch.setattr(edit_many_products, "edit_products", cut)
        for _ in range(2):
            with pytest.raises((db.DatabaseUnavailable, db.OutcomeUnknown)):
                run_next(bulk_id=bulk_id, limit=100, now=NOON)
            db.close()
        assert Change.objects.count() == 0

        items = run(bulk_id, now=NOON + dt.timedelta(seconds=config.get().bulk_claim_s))

        assert codes(items) == dict.fromkeys(slugs, "DONE")
        assert sorted(Change.objects.values_list("number", flat=True)) == [1] * 60
        assert len(trail.read_records(search=Search(operation="catalog.edit"), limit=100)) == 60
        assert find_bulk(bulk_id).state is State.DONE


def _other() -> dict[str, Any]:
    known = {**settings.DATABASES["default"], **connection.settings_dict}
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {name: str(known[key]) for name, key in named.items() if known[key]}
