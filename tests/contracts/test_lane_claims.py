"""Claims over HTTP: filed once, opened by their own token alone, and silent about what nobody has proved."""

from __future__ import annotations

from itertools import count
from typing import Any

import httpx
import pytest

from evertill.kernel import clock, db
from tests import tables
from tests.builders import make_product
from tests.contracts.web import order, refusal

CLAIMS = "/api/v1/claims"
ADA = "ada@example.com"


def claim(client: httpx.Client, *, key: str = "claim-1", **fields: Any) -> httpx.Response:
    body = {"contact": ADA, **fields}
    return client.post(CLAIMS, json=body, headers={"Idempotency-Key": key})


def read(client: httpx.Client, filed: dict[str, Any], *, token: str | None = None) -> httpx.Response:
    bearer = filed["access_token"] if token is None else token
    return client.get(f"{CLAIMS}/{filed['number']}", headers={"Authorization": f"Bearer {bearer}"})


@pytest.fixture
def placed(client: httpx.Client) -> dict[str, Any]:
    make_product("TEA", pieces=10)
    told: dict[str, Any] = order(client).json()
    return told


class TestFiling:
    def test_is_answered_by_a_number_and_a_token_that_opens_it(
        self, client: httpx.Client, placed: dict[str, Any]
    ) -> None:
        answer = claim(client, number=placed["number"], amount=placed["total"], date="2026-11-22", language="zh-CN")

        assert answer.status_code == 201, answer.text
        assert answer.headers["cache-control"] == "no-store"
        filed = answer.json()
        assert filed.keys() == {"number", "access_token"}
        shown = read(client, filed)
        assert shown.status_code == 200
        assert (shown.json()["state"], shown.json()["about"], shown.json()["found"]) == ("WITH_STAFF", "LOST_ORDER", [])
        assert [row[6] for row in tables.rows("claims_claim")] == ["zh-hans"]

    def test_shows_what_a_receipt_proves(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        filed = claim(client, receipt=placed["receipt"]).json()

        told = read(client, filed).json()

        assert told["proved"] is True
        (found,) = told["found"]
        assert (found["source"], found["number"], found["total"]) == ("ORDER", placed["number"], placed["total"])
        assert ADA not in str(told)

    def test_tells_a_stranger_nothing(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        right = claim(client, key="a", number=placed["number"], email="ada@example.com")
        wrong = claim(client, key="b", number="0E9V-2B7K", email="nobody@example.com")

        told = [read(client, one.json()).json() for one in (right, wrong)]

        for one in told:
            assert one.pop("number")
            assert one.pop("filed_at")
        assert told[0] == told[1]

    def test_counts_once_under_its_key(self, client: httpx.Client) -> None:
        first, again = (claim(client, number="0E9V-2B7K") for _ in range(2))
        other = claim(client, number="0E9V-2B7X")

        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert again.headers["idempotency-replayed"] == "true"
        assert refusal(other) == (422, "IDEMPOTENCY_KEY_REUSED")
        assert tables.count("claims_claim") == 1

    def test_is_limited_from_one_address(self, client: httpx.Client) -> None:
        # They are counted by the hour of the clock, so all have to come in one.
        for first in count(step=11):
            hour = clock.now().hour
            names = range(first, first + 11)
            answers = [claim(client, key=str(n), contact=f"{n}@example.com", number="0E9V-2B7K") for n in names]
            if clock.now().hour == hour:
                break
            db.execute("delete from identity_allowance")

        assert [answer.status_code for answer in answers] == [201] * 10 + [409]
        assert refusal(answers[-1]) == (409, "CLAIMS_LIMITED")

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({}, "CLUES_MISSING"),
            ({"number": "x", "contact": "nobody"}, "CONTACT_INVALID"),
            ({"date": "2999-01-01"}, "CLAIM_INVALID"),
            ({"date": "yesterday"}, "INVALID_FIELD"),
            ({"about": "WEATHER", "number": "x"}, "INVALID_FIELD"),
            ({"number": "x" * 41}, "INVALID_FIELD"),
            ({"number": "x", "surprise": 1}, "INVALID_FIELD"),
            ({"amount": {"amount": -1, "currency": "GBP"}}, "INVALID_FIELD"),
            ({"receipt": "nonsense"}, "NOT_A_RECEIPT"),
            ({"receipt": "EVERTILL1.nonsense"}, "RECEIPT_ALTERED"),
        ],
    )
    def test_refuses_what_cannot_be(self, client: httpx.Client, fields: dict[str, Any], code: str) -> None:
        answer = claim(client, **fields)

        assert refusal(answer)[1] == code
        assert tables.count("claims_claim") == 0

    def test_takes_a_key(self, client: httpx.Client) -> None:
        answer = client.post(CLAIMS, json={"contact": ADA, "number": "x"})

        assert refusal(answer) == (400, "IDEMPOTENCY_KEY_MISSING")


class TestReading:
    def test_takes_the_claims_own_token(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        filed = claim(client, number="0E9V-2B7K").json()
        other = claim(client, key="other", number="0E9V-2B7K").json()

        assert refusal(read(client, filed, token=other["access_token"])) == (404, "CLAIM_NOT_FOUND")
        assert refusal(read(client, filed, token=placed["access_token"])) == (404, "CLAIM_NOT_FOUND")
        assert refusal(read(client, {**filed, "number": "nonsense"})) == (404, "CLAIM_NOT_FOUND")
        assert refusal(client.get(f"{CLAIMS}/{filed['number']}")) == (401, "UNAUTHENTICATED")
        in_address = client.get(f"{CLAIMS}/{filed['number']}?access_token={filed['access_token']}")
        assert in_address.status_code == 200
