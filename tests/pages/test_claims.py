"""The customer's pages of a claim: filed without a script, opened by its own token, and silent about others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from evertill.domains import claims
from evertill.kernel import clock, ids
from tests import people
from tests.builders import ask, make_product, place_one
from tests.people import Pocket

OWN = {"Sec-Fetch-Site": "same-origin"}
ADA = "ada@example.com"


@pytest.fixture
def pocket(committed_db: None) -> Iterator[Pocket]:
    """Where every code arrives."""
    make_product("TEA")
    with people.pocket() as made:
        yield made


def _file(**fields: Any) -> Any:
    typed = {"about": "LOST_ORDER", "contact": ADA, **fields}
    return Client().post("/en/claims/new", typed, headers=OWN)


def _told(answer: Any) -> str:
    return str(answer.content.decode())


class TestFiling:
    @pytest.mark.usefixtures("pocket")
    def test_leads_to_its_page_which_nobody_else_opens(self) -> None:
        answer = _file(number="0E9W")

        assert answer.status_code == 303
        page = Client().get(answer.headers["Location"])
        assert "With our staff" in _told(page)
        assert page.headers["Cache-Control"] == "no-store"
        bare = answer.headers["Location"].split("?")[0]
        assert Client().get(bare).status_code == 404
        assert Client().get(f"{bare}?access_token=wrong").status_code == 404

    @pytest.mark.usefixtures("pocket")
    def test_takes_the_receipts_file(self) -> None:
        placed = place_one(ask(email=ADA), now=clock.now())
        file = SimpleUploadedFile("receipt.txt", placed.receipt.encode())

        answer = _file(contact="eve@example.com", receipt=file)

        assert placed.number in _told(Client().get(answer.headers["Location"]))

    @pytest.mark.usefixtures("pocket")
    def test_refuses_a_file_that_is_too_large_and_one_that_is_no_receipt(self) -> None:
        large = _file(receipt=SimpleUploadedFile("receipt.txt", b"x" * (1 << 20)))
        other = _file(receipt=SimpleUploadedFile("receipt.txt", b"\xff\x00"))
        text = _file(receipt=SimpleUploadedFile("receipt.txt", b"hello"))

        assert (large.status_code, other.status_code, text.status_code) == (413, 422, 422)
        assert "too large" in _told(large)
        assert "not a receipt of ours" in _told(text)
        assert claims.queries.count_open() == 0

    @pytest.mark.usefixtures("pocket")
    def test_says_what_is_wrong_and_keeps_what_was_typed(self) -> None:
        nothing = _file(words="Where is it?")
        amount = _file(amount="ten", currency="GBP")
        contact = _file(contact="me", number="0E9W")

        assert [one.status_code for one in (nothing, amount, contact)] == [422, 422, 422]
        assert "Where is it?" in _told(nothing)
        assert "cannot be read" in _told(amount)
        assert "cannot answer there" in _told(contact)

    def test_is_offered_in_both_languages(self, pocket: Pocket) -> None:
        assert "Something is missing" in _told(Client().get("/en/claims/new"))
        assert "少了什么" in _told(Client().get("/zh-hans/claims/new"))


class TestProving:
    def test_a_code_shows_the_order(self, pocket: Pocket) -> None:
        now = clock.now()
        placed = place_one(ask(email=ADA), now=now)
        where = _file(email=ADA, amount="2.50", currency="GBP", date=now.date().isoformat()).headers["Location"]
        client = Client()
        assert placed.number not in _told(client.get(where))
        prove = where.replace("?", "/prove?")

        asked = _told(client.post(prove, headers=OWN))
        errand = re.search(r'name="errand" value="([^"]+)"', asked)
        assert errand is not None
        wrong = client.post(prove, {"errand": errand.group(1), "code": "000000x"}, headers=OWN)
        right = client.post(prove, {"errand": errand.group(1), "code": pocket.code(ADA)}, headers=OWN)

        assert (wrong.status_code, right.status_code) == (422, 303)
        assert placed.number in _told(client.get(where))

    def test_a_code_of_another_claim_proves_nothing(self, pocket: Pocket) -> None:
        now = clock.now()
        placed = place_one(ask(email=ADA), now=now)
        hers = _file(number=placed.number).headers["Location"]
        eves = _file(contact="eve@example.com", number=placed.number).headers["Location"]
        asked = _told(Client().post(eves.replace("?", "/prove?"), headers=OWN))
        errand = re.search(r'name="errand" value="([^"]+)"', asked)
        assert errand is not None

        answer = Client().post(
            hers.replace("?", "/prove?"),
            {"errand": errand.group(1), "code": pocket.code("eve@example.com")},
            headers=OWN,
        )

        assert answer.status_code == 303
        assert placed.number not in _told(Client().get(hers)).replace(f'value="{placed.number}"', "")

    @pytest.mark.usefixtures("pocket")
    def test_a_claim_can_be_taken_back(self) -> None:
        where = _file(number="0E9W").headers["Location"]

        answer = Client().post(where.replace("?", "/withdraw?"), headers=OWN)

        assert answer.status_code == 303
        assert "Withdrawn" in _told(Client().get(where))
        number = where.split("/claims/")[1].split("?")[0]
        claim = claims.queries.find(claim_id=ids.from_number(number))
        assert claim is not None
        assert claim.state is claims.State.WITHDRAWN
