"""Products over HTTP: pages, languages, search, and errors that say what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from evertill.domains import catalog
from evertill.domains.catalog import ProductDraft, Text, VariantDraft
from evertill.entry.lane.app import Lane
from tests.builders import NOON, make_stock


def get(path: str, *, language: str = "", **params: str) -> httpx.Response:
    lane = Lane()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await lane.find(scope)(scope, receive, send)

    async def ask() -> httpx.Response:
        headers = {"Accept-Language": language} if language else {}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.invalid") as client:
            return await client.get(f"/api/v1{path}", params=params, headers=headers)

    return asyncio.run(ask())


@pytest.fixture
def lamp_and_tea(committed_db: None) -> None:
    catalog.save_products(
        drafts=[
            ProductDraft(
                slug="lamp",
                texts={"en": Text(title="Lamp", text="It shines."), "zh-hans": Text(title="灯")},
                variants=[VariantDraft(sku="LMP-1", prices={"GBP": 2900, "CNY": 22800})],
            ),
            ProductDraft(slug="tea", texts={"en": Text(title="Tea")}, variants=[VariantDraft(sku="TEA-1")]),
        ],
        now=NOON,
    )
    make_stock("LMP-1", pieces=3)


def slugs(response: httpx.Response) -> list[str]:
    return [product["slug"] for product in response.json()["products"]]


@pytest.mark.usefixtures("lamp_and_tea")
class TestProducts:
    def test_one_is_told_whole(self) -> None:
        response = get("/products/lamp", language="de, en;q=0.5")

        assert response.status_code == 200
        assert response.headers["content-language"] == "en"
        assert response.headers["vary"] == "Accept-Language"
        assert response.json() == {
            "slug": "lamp",
            "language": "en",
            "title": "Lamp",
            "text": "It shines.",
            "categories": [],
            "variants": [
                {
                    "sku": "LMP-1",
                    "title": "Lamp",
                    "prices": [{"amount": 22800, "currency": "CNY"}, {"amount": 2900, "currency": "GBP"}],
                    "in_stock": True,
                    "left": 3,
                }
            ],
        }

    def test_are_paged_to_the_end(self) -> None:
        first = get("/products", limit="1")
        second = get("/products", limit="1", cursor=first.json()["next_cursor"])

        assert (slugs(first), slugs(second)) == (["lamp"], ["tea"])
        assert second.json()["next_cursor"] is None

    @pytest.mark.parametrize(
        ("wanted", "language"),
        [
            ("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
            ("en;q=0.1, zh;q=0.2", "zh-hans"),
            ("fr", "en"),
            ("zh;q=0, en", "en"),
            (";;;,q=x,zh;q=nan,\x7f", "en"),
            ("*", "en"),
        ],
    )
    def test_speak_what_the_client_prefers(self, wanted: str, language: str) -> None:
        assert get("/products", language=wanted).json()["products"][0]["language"] == language

    def test_are_found_in_chinese_from_anywhere(self) -> None:
        assert slugs(get("/products", search="灯", language="en")) == ["lamp"]
        assert slugs(get("/products", search="tea-1")) == ["tea"]
        assert slugs(get("/products", search="none")) == []

    @pytest.mark.parametrize(
        ("path", "params", "status", "code"),
        [
            ("/products", {"cursor": "x"}, 422, "INVALID_CURSOR"),
            ("/products", {"limit": "0"}, 422, "INVALID_FIELD"),
            ("/products", {"limit": "many"}, 422, "INVALID_FIELD"),
            ("/products/none", {}, 404, "UNKNOWN_PRODUCT"),
            ("/products/%00", {}, 404, "UNKNOWN_PRODUCT"),
        ],
    )
    def test_errors_are_problems(self, path: str, params: Mapping[str, str], status: int, code: str) -> None:
        response = get(path, **params)

        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert (problem["status"], problem["code"]) == (status, code)
        assert problem["detail"]
        assert problem["kept"]
        assert problem["remedy"]
