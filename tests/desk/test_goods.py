"""The desk's pages about goods: products, prices and stock, their history, and two people at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from evertill.domains import catalog, stock
from evertill.domains.catalog import ProductDraft, Text, VariantDraft
from evertill.entry.desk import table_words
from evertill.kernel import clock, config, db, ids
from tests.builders import make_product, make_stock
from tests.desk.clerks import Clerk, clerk
from tests.kernel.waiting import ROOT

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def ada() -> Clerk:
    draft = ProductDraft(
        slug="lamp",
        texts={"en": Text(title="Lamp", text="It shines.\nWarm."), "zh-hans": Text(title="灯")},
        variants=[
            VariantDraft(sku="L-1/a", title="Small", prices={"GBP": 1000}),
            VariantDraft(sku="L-2", title="Large"),
        ],
    )
    with db.write():
        catalog.save_products(drafts=[draft], now=clock.now())
        catalog.categories.save_categories(drafts=[catalog.CategoryDraft(slug="light", titles={"en": "Light"})])
    make_stock("L-1/a", pieces=10)
    return clerk("administrator")


def text_of(answer: HttpResponse) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def form_of(answer: HttpResponse) -> dict[str, Any]:
    """What the form of a product says when nobody touches it."""
    page = answer.content.decode()
    form = page[page.index('class="goods"') :]
    form = form[: form.index("</form>")]
    said: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        named = {name: html.unescape(value) for name, value in re.findall(r'(\w+)="([^"]*)"', tag)}
        if named.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        if "name" in named:
            said[named["name"]] = named.get("value", "")
    for name, value in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        said[html.unescape(name)] = html.unescape(value)
    said.pop("csrfmiddlewaretoken", None)
    return said


def where(answer: HttpResponse) -> str:
    return answer.headers.get("Location", "") if answer.status_code == 303 else f"{answer.status_code}"


class TestProducts:
    def test_are_listed_hidden_ones_too(self, ada: Clerk) -> None:
        ada.post("catalogue/new", **{"title:en": "Tea", "sku": "T-1"})

        assert "Tea" in text_of(ada.get("catalogue/"))
        assert "Draft, hidden" in text_of(ada.get("catalogue/?status=DRAFT"))
        assert "Lamp" not in text_of(ada.get("catalogue/?status=DRAFT"))
        assert "灯" in text_of(ada.get("catalogue/?q=L-2", language="zh-hans"))

    def test_are_not_changed_by_a_form_that_nobody_touched(self, ada: Clerk) -> None:
        said = form_of(ada.get("catalogue/lamp/"))

        # Browsers send line ends as two signs.
        said["text:en"] = said["text:en"].replace("\n", "\r\n")
        assert where(ada.post("catalogue/lamp/", **said)).endswith("/desk/catalogue/lamp/?done=same")
        assert "Nobody has changed it" in text_of(ada.get("catalogue/lamp/history"))

    def test_are_saved_as_they_were_typed(self, ada: Clerk) -> None:
        said = form_of(ada.get("catalogue/lamp/"))
        said |= {
            "title:zh-hans": "琥珀灯",
            "variant:L-1/a:title:zh-hans": "小号",
            "categories": "light",
            "why": "Translated",
        }
        del said["variant:L-2:shown"]

        assert where(ada.post("catalogue/lamp/", **said)).endswith("done=saved")

        shown = catalog.read_product(slug="lamp", languages=["zh-hans"])
        assert (shown.title, [one.title for one in shown.variants]) == ("琥珀灯", ["小号"])
        assert shown.categories == ("light",)
        told = text_of(ada.get("catalogue/lamp/history"))
        assert "Translated" in told
        assert "Ada" in told
        assert "琥珀灯" in told

    def test_say_what_is_wrong_and_keep_what_was_typed(self, ada: Clerk) -> None:
        said = form_of(ada.get("catalogue/lamp/")) | {"title:en": "", "text:en": "It glows."}

        answer = ada.post("catalogue/lamp/", **said)

        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.content.decode()
        assert form_of(answer)["text:en"] == "It glows."

    def test_show_the_second_editor_both_texts(self, ada: Clerk) -> None:
        bob = clerk("owner")
        mine = form_of(ada.get("catalogue/lamp/")) | {"title:en": "Amber lamp"}
        his = form_of(bob.get("catalogue/lamp/")) | {"title:en": "Red lamp", "text:en": "It glows."}
        ada.post("catalogue/lamp/", **mine)

        answer = bob.post("catalogue/lamp/", **his)

        assert answer.status_code == 409
        assert "Somebody else has written meanwhile: Amber lamp" in text_of(answer)
        assert form_of(answer)["title:en"] == "Red lamp"
        assert catalog.read_product(slug="lamp", languages=["en"]).title == "Amber lamp"
        # Having seen it, he decides.
        assert where(bob.post("catalogue/lamp/", **form_of(answer))).endswith("done=saved")
        assert catalog.read_product(slug="lamp", languages=["en"]).title == "Red lamp"

    def test_are_taken_back_and_not_over_later_changes(self, ada: Clerk) -> None:
        for title in ("Amber lamp", "Red lamp"):
            ada.post("catalogue/lamp/", **(form_of(ada.get("catalogue/lamp/")) | {"title:en": title}))

        refused = ada.post("catalogue/lamp/undo/1")
        assert refused.status_code == 409
        assert "Somebody else has changed this" in text_of(refused)
        assert where(ada.post("catalogue/lamp/undo/2")).endswith("/desk/catalogue/lamp/history?done=undone")
        assert catalog.read_product(slug="lamp", languages=["en"]).title == "Amber lamp"

    def test_get_one_more_variant(self, ada: Clerk) -> None:
        answer = ada.post("catalogue/lamp/variants", **{"sku": "L-3", "title:en": "Huge", "title:zh-hans": "巨大"})

        assert where(answer).endswith("done=variant")
        assert catalog.editing.read_card(slug="lamp").variants == ("L-1/a", "L-2", "L-3")
        again = ada.post("catalogue/lamp/variants", **{"sku": "L-3", "title:en": "Huge"})
        assert again.status_code == 409

    def test_that_are_not_there_are_not_found(self, ada: Clerk) -> None:
        assert ada.get("catalogue/none/").status_code == 404
        assert ada.get("catalogue/none/history").status_code == 404
        assert ada.post("catalogue/lamp/undo/9").status_code == 404


class TestPrices:
    def test_are_changed_in_their_list(self, ada: Clerk) -> None:
        said = {"currency": "GBP", "price:L-1/a": "11.50", "seen:L-1/a": "10.00", "price:L-2": "", "seen:L-2": ""}

        assert "done=saved" in where(ada.post("prices/?currency=GBP", **said))

        assert catalog.prices.read_prices(skus=["L-1/a", "L-2"], currency="GBP") == {"L-1/a": 1150, "L-2": None}
        told = text_of(ada.get("prices/history?sku=L-1/a"))
        assert "£10.00 £11.50" in told
        assert "Ada" in told

    @pytest.mark.parametrize("typed", ["11,50", "-1", "1e3", "ten", "1.005"])
    def test_have_to_be_prices(self, ada: Clerk, typed: str) -> None:
        answer = ada.post("prices/", **{"currency": "GBP", "price:L-1/a": typed, "seen:L-1/a": "10.00"})

        assert answer.status_code == 422
        assert f'value="{typed}"' in answer.content.decode()
        assert catalog.prices.read_prices(skus=["L-1/a"], currency="GBP") == {"L-1/a": 1000}

    def test_beyond_the_percentage_are_asked_for(self, ada: Clerk) -> None:
        said = {"currency": "GBP", "price:L-1/a": "20.00", "seen:L-1/a": "10.00"}
        bob = clerk("finance")

        assert ada.post("prices/", **said).status_code == 403
        assert "done=asked" in where(ada.post("prices/", ask="1", why_ask="Copper is dear", **said))

        from evertill.journeys import decide_approvals as deciding

        (waiting,) = deciding.list_waiting(asker=bob.asker, now=clock.now(), limit=5)
        assert "L-1/a: 10.00 GBP → 20.00 GBP" in text_of(bob.get(f"approvals/{ids.to_number(waiting.id)}/"))
        deciding.decide(asker=bob.asker, approval_id=waiting.id, is_approved=True, why="", now=clock.now())
        assert "done=saved" in where(ada.post("prices/", **said))
        assert "approved by Ada" in text_of(ada.get("prices/history"))

    def test_tell_the_second_what_the_first_one_made_of_them(self, ada: Clerk) -> None:
        ada.post("prices/", **{"currency": "GBP", "price:L-1/a": "11.00", "seen:L-1/a": "10.00"})

        answer = clerk("owner").post("prices/", **{"currency": "GBP", "price:L-1/a": "10.50", "seen:L-1/a": "10.00"})

        assert answer.status_code == 409
        assert "Somebody else has made it 11.00." in text_of(answer)
        assert 'value="10.50"' in answer.content.decode()

    def test_are_taken_back(self, ada: Clerk) -> None:
        ada.post("prices/", **{"currency": "GBP", "price:L-1/a": "11.00", "seen:L-1/a": "10.00"})
        (change,) = catalog.prices.list_changes(limit=5)

        assert "done=undone" in where(ada.post(f"prices/undo/{change.id}"))
        assert catalog.prices.read_prices(skus=["L-1/a"], currency="GBP") == {"L-1/a": 1000}
        assert ada.post(f"prices/undo/{change.id}").status_code == 409


class TestStock:
    def test_is_listed_with_what_is_left(self, ada: Clerk) -> None:
        told = text_of(ada.get("stock/"))

        assert "L-1/a" in told
        assert "Lamp · Small 10 0 10" in told
        assert "Nothing was found" in text_of(ada.get("stock/?low=1"))

    @pytest.mark.parametrize(("kind", "after"), [("CAME_IN", 13), ("COUNTED", 3), ("LOST", 7), ("BROKEN", 7)])
    def test_is_what_somebody_says(self, ada: Clerk, kind: str, after: int) -> None:
        said = {"sku": "L-1/a", "seen": "10", "kind": kind, "pieces": "3", "why": "Tuesday"}

        assert where(ada.post("stock/shelf", **said)).endswith("/desk/stock/shelf?sku=L-1%2Fa&done=saved")

        assert stock.read_items(skus=["L-1/a"])["L-1/a"].on_hand == after
        assert "Tuesday" in text_of(ada.get("stock/shelf?sku=L-1/a"))

    @pytest.mark.parametrize("pieces", ["", "-1", "1.5", "９", "11"])
    def test_is_not_what_cannot_be(self, ada: Clerk, pieces: str) -> None:
        answer = ada.post("stock/shelf", sku="L-1/a", seen="10", kind="LOST", pieces=pieces)

        assert answer.status_code in (409, 422)
        assert stock.read_items(skus=["L-1/a"])["L-1/a"].on_hand == 10

    def test_tells_who_counts_that_it_has_moved(self, ada: Clerk) -> None:
        ada.post("stock/shelf", sku="L-1/a", seen="10", kind="CAME_IN", pieces="5")

        answer = ada.post("stock/shelf", sku="L-1/a", seen="10", kind="COUNTED", pieces="9")

        assert answer.status_code == 409
        assert "The stock has moved" in text_of(answer)
        assert stock.read_items(skus=["L-1/a"])["L-1/a"].on_hand == 15

    def test_is_taken_back(self, ada: Clerk) -> None:
        ada.post("stock/shelf", sku="L-1/a", seen="10", kind="BROKEN", pieces="4")
        (change,) = stock.changes.list_changes(limit=5)

        assert "done=undone" in where(ada.post(f"stock/undo/{change.id}", sku="L-1/a"))
        assert stock.read_items(skus=["L-1/a"])["L-1/a"].on_hand == 10
        assert ada.post(f"stock/undo/{change.id}", sku="L-1/a").status_code == 409

    def test_of_nothing_is_not_found(self, ada: Clerk) -> None:
        assert ada.get("stock/shelf?sku=GONE").status_code in (404, 422)


class TestDoors:
    def test_are_for_whoever_holds_the_permission(self, ada: Clerk) -> None:
        packer = clerk("fulfilment")

        assert packer.get("stock/").status_code == 200
        assert packer.get("catalogue/").status_code == 403
        assert packer.get("prices/").status_code == 403
        assert packer.post("prices/", **{"price:L-1/a": "1.00", "seen:L-1/a": "10.00"}).status_code == 403
        assert clerk("support").get("stock/").status_code == 403


class TestManyPrices:
    def test_are_changed_by_a_percentage_by_way_of_a_bulk(self, ada: Clerk) -> None:
        answer = ada.post("prices/raise", currency="GBP", percent="5", step="0.05", why="Spring")

        assert "/desk/bulk/" in where(answer)
        assert "10.50 GBP" in text_of(ada.get(where(answer).partition("/desk/")[2]))
        assert catalog.prices.read_prices(skus=["L-1/a"], currency="GBP") == {"L-1/a": 1000}

    @pytest.mark.parametrize("percent", ["", "five", "-100", "1e9", "nan"])
    def test_need_a_percentage(self, ada: Clerk, percent: str) -> None:
        assert ada.post("prices/raise", currency="GBP", percent=percent).status_code == 422

    def test_go_out_as_a_table_and_come_in_again(self, ada: Clerk) -> None:
        saved = ada.get("prices/table/save?currency=GBP").content.decode()

        assert ada.post("prices/table", table=saved).status_code == 422
        assert "/desk/bulk/" in where(ada.post("prices/table", table=saved.replace("10.00,", "10.50,")))
        wrong = ada.post("prices/table", table=saved.replace("10.00,", "ten,"))
        assert wrong.status_code == 422
        assert "Row 2: This is not a price" in text_of(wrong)

    def test_come_in_again_as_a_file(self, ada: Clerk) -> None:
        saved = ada.get("prices/table/save?currency=GBP").content

        untouched = ada.post("prices/table", file=_csv(saved))
        assert untouched.status_code == 422
        assert "The table says what the shop has already." in text_of(untouched)
        answer = ada.post("prices/table", file=_csv(saved.replace(b"10.00,", b"10.50,")))
        assert "10.50 GBP" in text_of(ada.get(where(answer).partition("/desk/")[2]))
        assert catalog.prices.read_prices(skus=["L-1/a"], currency="GBP") == {"L-1/a": 1000}

    def test_say_how_many_change_at_once_before_anything_is_typed(
        self, ada: Clerk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_product("M-1", prices={"GBP": 500})
        small = dataclasses.replace(config.get(), bulk_items_max=1)
        monkeypatch.setattr(config, "get", lambda: small)
        page = text_of(ada.get("prices/raise?currency=GBP"))

        said = text_of(ada.post("prices/raise", currency="GBP", percent="2"))
        one = ada.post("prices/raise", currency="GBP", percent="2", q="L-1")

        assert "Up to 1 prices change at once." in page
        assert "More is to change than may change at once. Nothing was changed." in said
        assert "SKUs that begin alike" in said
        assert "/desk/bulk/" in where(one)

    def test_of_one_search_are_saved_by_themselves(self, ada: Clerk) -> None:
        page = ada.get("prices/table?currency=GBP&q=L-1").content.decode()

        assert "The SKUs that begin with L-1." in page
        assert "form=csv&amp;q=L-1" in page
        assert ada.get("prices/table/save?currency=GBP&form=csv&q=L-1").content.count(b"\r\n") == 2


class TestTables:
    @pytest.mark.parametrize("room", ["catalogue", "stock", "prices"])
    def test_change_nothing_when_they_come_back_as_they_were(self, ada: Clerk, room: str) -> None:
        for form, media in (("xlsx", "spreadsheetml.sheet"), ("csv", "text/csv")):
            saved = ada.get(f"{room}/table/save?form={form}&currency=GBP")
            assert media in saved.headers["Content-Type"]
            assert saved.headers["Content-Disposition"].endswith(f'.{form}"')

            answer = ada.post(f"{room}/table", file=_csv(saved.content))

            assert answer.status_code == 422
            assert "The table says what the shop has already." in text_of(answer)

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (
                b"sku,stock,currency,price,colour\na,1,GBP,1,b\n",
                "A column means nothing here; most often it is misspelt.",
            ),
            (b"PK\x03\x04\xfa", "The file is damaged"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "The file is protected by a password"),
            (b"\xff\xfe\x00", "The letters of this text file cannot be told for sure."),
            (b"title\nLamp\n", "A column is missing"),
            (b"", "There is no table, or only its heading."),
            (b"sku," + b"x" * (33 << 20), "The file is larger than this page takes."),
        ],
        ids=["column", "broken", "protected", "encoding", "heading", "empty", "large"],
    )
    @pytest.mark.parametrize("room", ["catalogue", "stock", "prices"])
    def test_say_what_is_wrong_with_a_file(self, ada: Clerk, room: str, content: bytes, told: str) -> None:
        answer = ada.post(f"{room}/table", file=_csv(content))

        assert answer.status_code in (413, 422)
        assert told in text_of(answer)

    def test_show_what_would_change_and_what_is_wrong(self, ada: Clerk) -> None:
        saved = ada.get("catalogue/table/save").content.decode("utf-8-sig")
        again = "L-2" + "," * saved.partition("\n")[0].count(",")

        wrong = text_of(ada.post("catalogue/table", table=f"{saved}{again}\n"))
        answer = ada.post("catalogue/table", table=saved.replace("ACTIVE", "ARCHIVED", 1), why="Autumn")

        assert "stands in row 3 too." in wrong
        assert "Wrong: 1. The other rows: 0 new, 0 changed," in wrong
        shown = text_of(ada.get(where(answer).partition("/desk/")[2]))
        assert "status: ACTIVE" in shown
        assert "status: ARCHIVED" in shown
        assert "From a table: 0 new rows, 1 changed," in shown

    def test_say_what_others_changed_in_the_language_of_the_page(self, ada: Clerk) -> None:
        saved = ada.get("catalogue/table/save").content.decode("utf-8-sig").replace("It shines.", "It glows.", 1)
        card = catalog.editing.read_card(slug="lamp")
        with db.write():
            catalog.editing.save_card(card=card, wanted={"text:en": "Theirs"}, by="STAFF:2", why="", now=clock.now())

        page = where(ada.post("catalogue/table", table=saved)).partition("/desk/")[2]

        assert "changed this since the table was saved: text_en." in text_of(ada.get(page))
        assert "别人" in text_of(ada.get(page, language="zh-hans"))

    def test_are_for_who_edits_the_goods(self, ada: Clerk) -> None:
        del ada
        bob = clerk("support")

        for room in ("catalogue", "stock", "prices"):
            for path in (f"{room}/table", f"{room}/table/save"):
                assert bob.get(path).status_code == 403

    def test_say_why_in_every_language(self) -> None:
        # What the journeys say of a row is what table_words has for whoever translates.
        said: set[str] = set()
        for name in ("take_products", "tabulate_stock", "reprice_many", "table_rows"):
            source = (ROOT / "src" / "evertill" / "journeys" / f"{name}.py").read_text()
            for found in re.findall(r'(?:says ?= ?|return (?:None|value), |_NO_\w+ = |_BAD = \(?\s*)"([^"]+)"', source):
                said.add(found)
        said -= {"Change products", "Change stock", "Change prices"}

        assert said == set(table_words.REASONS)


def _csv(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("prices.csv", content, content_type="text/csv")


class TestPlannedPrices:
    def test_are_planned_and_cancelled(self, ada: Clerk) -> None:
        said = {"sku": "L-1/a", "currency": "GBP", "seen": "10.00", "price": "10.50"}

        later = (clock.now() + dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
        assert "done=planned" in where(ada.post("prices/plan", begins_at=later, **said))
        assert "£10.50" in text_of(ada.get("prices/history?sku=L-1/a&currency=GBP"))
        assert ada.post("prices/plan", begins_at="2020-01-01T00:00", **said).status_code == 422
        assert ada.post("prices/plan", begins_at="soon", **said).status_code == 422
        (plan,) = catalog.prices.list_plans(limit=5)
        assert "done=unplanned" in where(ada.post(f"prices/plan/{plan.id}/cancel"))
        assert ada.post(f"prices/plan/{plan.id}/cancel").status_code == 409


class TestCategories:
    def test_are_made_renamed_ordered_and_taken_back(self, ada: Clerk) -> None:
        said = {"title:en": "Desk lamps", "title:zh-hans": "台灯", "parent": "light"}

        made = where(ada.post("categories/new", **said))
        ada.post("categories/new", **{"title:en": "Floor lamps", "parent": "light"})
        ada.post("categories/floor-lamps/place", to="back")

        assert "/desk/categories/desk-lamps/?done=added" in made
        listed = text_of(ada.get("categories/"))
        assert listed.index("Floor lamps") < listed.index("Desk lamps")
        assert "台灯" in text_of(ada.get("categories/", language="zh-hans"))
        seen = re.search(r'name="seen" value="([^"]*)"', ada.get("categories/desk-lamps/").content.decode())
        assert seen is not None
        form = said | {"seen": html.unescape(seen[1]), "title:en": "Table lamps", "retired": "1"}
        assert "done=saved" in where(ada.post("categories/desk-lamps/", **form))
        assert ada.post("categories/desk-lamps/", **(form | {"title:en": "Mine"})).status_code == 409
        assert "Out of use" in text_of(ada.get("categories/"))
        shown = text_of(ada.get("categories/desk-lamps/"))
        assert "Desk lamps Table lamps" in shown
        assert "done=undone" in where(ada.post("categories/desk-lamps/undo/2"))
        assert ada.post("categories/desk-lamps/undo/2").status_code == 409
        assert ada.post("categories/desk-lamps/undo/9").status_code == 404
        assert ada.get("categories/nowhere/").status_code == 404

    @pytest.mark.parametrize(
        "said", [{}, {"title:en": "x", "slug": "light"}, {"title:en": "x", "parent": "nowhere"}, {"title:en": "x" * 90}]
    )
    def test_are_refused_with_what_was_typed(self, ada: Clerk, said: dict[str, str]) -> None:
        answer = ada.post("categories/new", **said)

        assert answer.status_code in (409, 422)
        assert said.get("title:en", "") in answer.content.decode()

    def test_move_their_products_by_a_bulk(self, ada: Clerk) -> None:
        card = catalog.editing.read_card(slug="lamp")
        with db.write():
            catalog.categories.file_products(categories={card.id: ["light"]})

        shown = text_of(ada.get(where(ada.post("categories/light/move", to="")).partition("/desk/")[2]))

        assert "categories: light" in shown
        assert "categories: —" in shown
        assert ada.post("categories/light/move", to="nowhere").status_code == 404

    def test_move_nothing_where_nothing_stands(self, ada: Clerk) -> None:
        answer = ada.post("categories/light/move", to="")

        assert answer.status_code == 422
        assert "There is nothing to move, or more than can be moved at once. Nothing was changed." in text_of(answer)
