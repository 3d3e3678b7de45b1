"""Products as a table: what nobody edited changes nothing, what somebody edited is shown, and nobody is overwritten."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evertill.domains import catalog, stock
from evertill.domains.bulk import ItemState
from evertill.domains.catalog import CategoryDraft, Plain, ProductDraft, Status, Text, VariantDraft
from evertill.journeys import take_products
from evertill.journeys.edit_many_products import EDIT_MANY
from evertill.journeys.edit_product import edit_product, read_history, read_product, undo_edit
from evertill.journeys.export_table import Form, export_table
from evertill.journeys.make_bulk import confirm_bulk, make_bulk
from evertill.journeys.permitted import Asker, Forbidden
from evertill.journeys.run_bulk import run_one
from evertill.journeys.table_rows import Sent
from evertill.journeys.tabulate_products import products_table
from evertill.journeys.take_products import read_products
from evertill.journeys.view_bulk import Item, list_items
from evertill.kernel import db
from evertill.kernel.sheets import unguard
from tests.askers import customer, staff
from tests.builders import NOON

pytestmark = pytest.mark.usefixtures("committed_db")

# What spreadsheets, and careless readers of tables, make something else of.
NASTY = [
    "=1+1", "'=1+1", "＝1+1", "+44 20 7946", "-5", "@SUM(A1)", "007", "1e3", 'say "hi"', "a,b;c", "two  spaces", "茶叶",
    "שלום", "''x", "1/2", "2026-03-04", "TRUE", "#REF!", "_x0041_", "&amp;", "emoji🫖", "line\nbreak", "line\r\nbreak",
    " pad ",
]  # fmt: skip


def make(slug: str, *skus: str, title: str = "", text: str = "", shelves: tuple[str, ...] = ()) -> None:
    with db.write():
        catalog.save_products(
            drafts=[
                ProductDraft(
                    slug=slug,
                    texts={
                        "en": Text(title=title or f"Title of {slug}", text=text),
                        "zh-hans": Text(title=f"{slug}的名称", text="中文，“描述”\n第二行"),
                    },
                    variants=[VariantDraft(sku=sku, title=f"Variant {sku}", titles={"zh-hans": "款"}) for sku in skus],
                    categories=shelves,
                )
            ],
            now=NOON,
        )
        stock.open_items(kinds=dict.fromkeys(skus, stock.Kind.COUNTED))


@pytest.fixture
def ada() -> Asker:
    with db.write():
        drafts = [CategoryDraft(slug=slug, titles={"en": slug.title()}) for slug in ("tea", "gifts")]
        catalog.categories.save_categories(drafts=drafts)
    make("green", "GREEN-50", "GREEN-100", text='Quoted "green", fresh;\nsecond line', shelves=("tea", "gifts"))
    make("pen", "007", title="=1+1")
    return staff(1, "administrator")


def saved(asker: Asker, form: Form = "csv", **filters: str) -> bytes:
    return export_table(asker=asker, table=products_table(), filters=filters, form=form, why="", now=NOON).content


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def edited(content: bytes, changes: Mapping[str, Mapping[str, str]]) -> bytes:
    """A saved table in which somebody has changed cells of these SKUs."""
    rows = [row | dict(changes.get(unguard(row["sku"]), {})) for row in rows_of(content)]
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def read(asker: Asker, content: bytes | str) -> Sent:
    file = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    return read_products(asker=asker, file=file, now=NOON)


def reasons(sent: Sent) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in sent.wrong]


def done(asker: Asker, sent: Sent) -> Sequence[Item]:
    """Do all that a table says, and return what became of each product."""
    made = make_bulk(asker=asker, operation=EDIT_MANY.name, targets=sent.targets, why="Spring", now=NOON)
    confirm_bulk(asker=asker, bulk_id=made.id, now=NOON)
    while run_one(bulk_id=made.id, now=NOON):
        pass
    return list_items(asker=asker, bulk_id=made.id, limit=100, now=NOON)


def values(asker: Asker, slug: str) -> Mapping[str, Plain]:
    return read_product(asker=asker, slug=slug, now=NOON).values


class TestSaving:
    def test_has_a_row_for_each_variant(self, ada: Asker) -> None:
        rows = rows_of(saved(ada))

        # No spreadsheet drops its zeros.
        assert [row["sku"] for row in rows] == ["'007", "GREEN-50", "GREEN-100"]
        assert rows[1] | {"version": ""} == {
            "sku": "GREEN-50",
            "title_en": "Title of green",
            "title_zh-hans": "green的名称",
            "variant_en": "Variant GREEN-50",
            "variant_zh-hans": "款",
            "text_en": 'Quoted "green", fresh;\nsecond line',
            "text_zh-hans": "中文，“描述”\n第二行",
            "categories": "tea; gifts",
            "status": "ACTIVE",
            "shown": "yes",
            "kind": "COUNTED",
            "slug": "green",
            "version": "",
        }
        # No spreadsheet takes it for a formula.
        assert rows[0]["title_en"] == "'=1+1"

    def test_needs_the_permission(self, ada: Asker) -> None:
        content = saved(ada)
        for asker in (customer(9), staff(2, "support")):
            with pytest.raises(Forbidden):
                saved(asker)
            with pytest.raises(Forbidden):
                read(asker, content)

    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    def test_changes_nothing_when_it_comes_back_as_it_was(self, ada: Asker, form: Form) -> None:
        sent = read(ada, saved(ada, form))

        assert sent == Sent(targets=[], wrong=[], untouched=3)

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_changes_nothing_whatever_products_are_called(self, ada: Asker, data: st.DataObject) -> None:
        words = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=40))
        sku = data.draw(words.filter(lambda text: catalog.fault_of_sku(text) is None))
        title = data.draw(words.filter(lambda text: catalog.rules.fault_of_title(text) is None))
        text = data.draw(words.filter(lambda text: catalog.rules.fault_of_text(text, chars_max=99) is None))
        with db.write():
            if catalog.find_homes(skus=[sku]):
                return
        make(f"p-{abs(hash((sku, title, text)))}", sku, title=title, text=text)

        for form in ("csv", "xlsx"):
            sent = read(ada, saved(ada, "csv" if form == "csv" else "xlsx"))
            assert (sent.targets, sent.wrong) == ([], [])

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            # LibreOffice, saving as .ods and from there as Excel.
            ("Loose\tleaf", "Looseleaf"),
            # Excel, saving as CSV on a Chinese system; it takes two signs for an emoji, LibreOffice one.
            ("Tea® 🫖 Café?", "Tea? ?? Café?"),
            ("Tea® 🫖 Café?", "Tea? ? Caf??"),
            # Everybody.
            ("One\r\ntwo", " One\ntwo "),
        ],
    )
    def test_changes_nothing_where_a_spreadsheet_lost_something(self, ada: Asker, before: str, after: str) -> None:
        make("oolong", "OOLONG", text=before)

        sent = read(ada, edited(saved(ada), {"OOLONG": {"text_en": after}}))

        assert sent == Sent(targets=[], wrong=[], untouched=4)

    def test_changes_a_text_that_somebody_made_a_question(self, ada: Asker) -> None:
        make("oolong", "OOLONG", text="Fresh")

        (target,) = read(ada, edited(saved(ada), {"OOLONG": {"text_en": "Fresh?"}})).targets

        assert target.content["wanted"] == {"text:en": "Fresh?"}


class TestChanging:
    def test_does_what_was_edited_and_can_take_it_back(self, ada: Asker) -> None:
        content = edited(
            saved(ada),
            {
                "GREEN-50": {"title_en": "=Green", "text_zh-hans": "", "categories": "gifts", "shown": "no"},
                "GREEN-100": {"variant_zh-hans": "大"},
            },
        )
        sent = read(ada, content)
        before = values(ada, "green")

        (item,) = done(ada, sent)

        assert (sent.changed, sent.untouched, sent.added, sent.wrong) == (2, 1, 0, [])
        assert (item.subject, item.state) == ("green", ItemState.DONE)
        assert item.after == (
            "title_en: =Green; text_zh-hans: —; categories: gifts; GREEN-50 shown: no; GREEN-100 variant_zh-hans: 大"
        )
        now = values(ada, "green")
        assert (now["title:en"], now["text:zh-hans"], now["categories"]) == ("=Green", "", ["gifts"])
        assert (now["variant:GREEN-50:shown"], now["variant:GREEN-100:title:zh-hans"]) == (False, "大")
        (change,) = read_history(asker=ada, slug="green", now=NOON)
        assert (change.why, change.changed_by) == ("Spring", "STAFF:1")
        undo_edit(asker=ada, slug="green", number=change.number, why="", now=NOON)
        assert values(ada, "green") == before

    @pytest.mark.parametrize("at_a_time", [1, 2, 500])
    def test_comes_to_the_same_however_many_rows_are_read_at_a_time(
        self, ada: Asker, monkeypatch: pytest.MonkeyPatch, at_a_time: int
    ) -> None:
        monkeypatch.setattr(take_products, "_PART", at_a_time)
        changes = {"GREEN-50": {"title_en": "Green", "text_zh-hans": ""}, "GREEN-100": {"title_en": "Green"}}
        content = edited(saved(ada), {**changes, "007": {"shown": "no"}})
        table = content.decode() + "GREEN-50\r\n"

        (green, pen), wrong = (sent := read(ada, content)).targets[::-1], read(ada, table).wrong

        assert (green.subject, green.label) == ("green", "Title of green (3, 4)")
        assert green.content["wanted"] == {"title:en": "Green", "text:zh-hans": ""}
        assert green.content["seen"] == {"title:en": "Title of green", "text:zh-hans": "中文，“描述”\n第二行"}
        assert (pen.subject, pen.content["wanted"]) == ("pen", {"variant:007:shown": False})
        assert (sent.changed, sent.added, sent.untouched) == (3, 0, 0)
        assert [(one.line, one.facts.get("line")) for one in wrong] == [(5, 3)]

    def test_adds_variants_and_products(self, ada: Asker) -> None:
        text = (
            "sku,title_en,title_zh-hans,variant_en,text_en,status,kind,slug,shown,categories\n"
            "GREEN-500,,,Half a kilo,,,,green,no,\n"
            "NEW-1,New thing,新品,One,Said,ACTIVE,UNLIMITED,new-thing,,tea\n"
            "NEW-2,New thing,,Two,,,,new-thing,,\n"
            "=X,Formula,,,,,,,,\n"
        )
        sent = read(ada, text)

        items = done(ada, sent)

        assert (sent.added, sent.changed, sent.wrong) == (4, 0, [])
        assert [(one.subject, one.state) for one in items] == [
            ("green", ItemState.DONE),
            ("+ NEW-1", ItemState.DONE),
            ("+ =X", ItemState.DONE),
        ]
        green, new = values(ada, "green"), values(ada, "new-thing")
        assert (green["variant:GREEN-500:title:en"], green["variant:GREEN-500:shown"]) == ("Half a kilo", False)
        assert (new["status"], new["title:zh-hans"], new["text:en"], new["categories"]) == (
            "ACTIVE",
            "新品",
            "Said",
            ["tea"],
        )
        assert (new["variant:NEW-1:title:en"], new["variant:NEW-2:title:en"]) == ("One", "Two")
        kinds = stock.read_items(skus=["GREEN-500", "NEW-1", "NEW-2"])
        assert {sku: item.kind.value for sku, item in kinds.items()} == {
            "GREEN-500": "COUNTED",
            "NEW-1": "UNLIMITED",
            "NEW-2": "COUNTED",
        }
        assert values(ada, "formula-x")["status"] == Status.DRAFT

    def test_keeps_products_apart_of_which_one_has_the_address_that_is_the_sku_of_another(self, ada: Asker) -> None:
        sent = read(ada, "sku,title_en,slug\nN-1,Mug,mug\nmug,Mug,\n")

        assert [(one.subject, one.content["slug"]) for one in sent.targets] == [("+ N-1", "mug"), ("+ mug", "")]
        assert [one.note for one in done(ada, sent)] == ["mug", "mug-mug"]

    def test_says_nothing_by_empty_cells_without_a_version(self, ada: Asker) -> None:
        sent = read(ada, "sku,title_en,text_en\nGREEN-50,,New text\n")

        assert [one.content["wanted"] for one in sent.targets] == [{"text:en": "New text"}]


class TestTwoPeople:
    def change(self, asker: Asker, name: str, value: Plain) -> None:
        seen = values(asker, "green")
        edit_product(asker=asker, slug="green", seen={name: seen.get(name)}, wanted={name: value}, why="", now=NOON)

    def test_keeps_what_others_changed_elsewhere(self, ada: Asker) -> None:
        content = edited(saved(ada), {"GREEN-50": {"title_en": "Mine"}})
        self.change(ada, "text:en", "Theirs")

        done(ada, read(ada, content))

        now = values(ada, "green")
        assert (now["title:en"], now["text:en"]) == ("Mine", "Theirs")

    def test_takes_nothing_back_that_it_did_not_touch(self, ada: Asker) -> None:
        content = saved(ada)
        self.change(ada, "title:en", "Theirs")

        assert read(ada, content) == Sent(targets=[], wrong=[], untouched=3)

    def test_says_where_both_changed_the_same(self, ada: Asker) -> None:
        content = edited(saved(ada), {"GREEN-50": {"title_en": "Mine"}, "007": {"title_en": "Pen"}})
        self.change(ada, "title:en", "Theirs")

        items = done(ada, read(ada, content))

        assert [(one.subject, one.state, one.code) for one in items] == [
            ("pen", ItemState.DONE, ""),
            ("green", ItemState.REFUSED, "CHANGED_MEANWHILE"),
        ]
        assert items[1].note == "Somebody has changed this since the table was saved: title_en."
        assert values(ada, "green")["title:en"] == "Theirs"

    def test_overwrites_nothing_that_changes_while_it_is_looked_at(self, ada: Asker) -> None:
        sent = read(ada, edited(saved(ada), {"GREEN-50": {"title_en": "Mine"}}))
        made = make_bulk(asker=ada, operation=EDIT_MANY.name, targets=sent.targets, why="", now=NOON)
        self.change(ada, "title:en", "Theirs")
        confirm_bulk(asker=ada, bulk_id=made.id, now=NOON)

        while run_one(bulk_id=made.id, now=NOON):
            pass

        (item,) = list_items(asker=ada, bulk_id=made.id, limit=9, now=NOON)
        assert (item.state, item.code) == (ItemState.FAILED, "CHANGED_MEANWHILE")
        assert values(ada, "green")["title:en"] == "Theirs"


class TestWrong:
    def test_names_each_row_and_why(self, ada: Asker) -> None:
        text = (
            "sku,title_en,text_zh-hans,status,shown,categories,kind,slug\n"
            "007,,,GONE,,,,\n"
            "GREEN-50,,,,maybe,,,\n"
            "GREEN-100,,,,,nowhere,,\n"
            "007,,,,,,,\n"
            "NEW,,,,,,,\n"
            "GREEN-50X,,,,,,SOME,green\n"
            "NEW-3,Three,文本,,,,,\n"
        )

        sent = read(ada, text)

        assert reasons(sent) == [
            (2, "The column status is DRAFT, ACTIVE or ARCHIVED."),
            (3, "The column shown is yes or no."),
            (4, "There is no such category; the column categories has their addresses, apart by ;"),
            (5, "SKU 007 stands in row 2 too."),
            (6, "A new product needs a title in the shop's first language."),
            (7, "The column kind is COUNTED or UNLIMITED."),
            (8, "There is a text in text_zh-hans and no title in that language."),
        ]

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            # As Excel does to a CSV file that it opens.
            (
                lambda row: row | {"sku": "7"},
                "The row was saved with another SKU than 7. Spreadsheets drop leading zeros, for example.",
            ),
            (
                lambda row: row | {"version": "v1"},
                "Its version cannot be read. Save the table anew and make the change there.",
            ),
            (lambda row: row | {"slug": "green"}, "SKU 007 belongs to the product pen, not to green."),
            (lambda row: row | {"kind": "UNLIMITED"}, "Whether SKU 007 can run out is not changed by a table."),
            (lambda row: row | {"title_en": ""}, "A product has a title in the shop's first language."),
            (
                lambda row: row | {"title_en": "x" * 201},
                "What stands in title_en is too long, or has a character that cannot be there.",
            ),
        ],
    )
    def test_names_what_a_spreadsheet_made_of_a_row(
        self, ada: Asker, change: Callable[[dict[str, str]], dict[str, str]], reason: str
    ) -> None:
        content = saved(ada)
        row = next(row for row in rows_of(content) if row["sku"] == "'007")

        sent = read(ada, edited(content, {"007": change(row)}))

        assert reasons(sent) == [(2, reason)]

    def test_names_rows_that_contradict_each_other(self, ada: Asker) -> None:
        content = edited(saved(ada), {"GREEN-50": {"title_en": "One"}, "GREEN-100": {"title_en": "Other"}})

        assert reasons(read(ada, content)) == [(4, "Another row says something else of title_en of the same product.")]
