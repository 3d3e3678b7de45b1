"""What a page costs the database: a few statements, however much it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.test import Client

from evertill.journeys.load_demo import load_demo
from tests.builders import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch, change: Callable[..., None]) -> list[str]:
    """Every statement that is run from now on, by models or by hand; what was recalled stays known meanwhile."""
    change(preference_cache_s=300)
    run: list[str] = []
    plain = psycopg.Cursor.execute

    def execute(self: Any, query: Any, *args: Any, **named: Any) -> Any:
        run.append(str(query))
        return plain(self, query, *args, **named)

    monkeypatch.setattr(psycopg.Cursor, "execute", execute)
    return run


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/en/", 7),
        ("/en/products", 7),
        ("/en/products?q=tea", 8),
        ("/en/products?q=zzz", 3),
        ("/en/categories/tea", 8),
        ("/en/products/night-shift-oolong", 7),
        ("/en/cart", 0),
    ],
)
def test_a_page_takes_few_statements(statements: list[str], path: str, count: int) -> None:
    load_demo(now=NOON)
    browser = Client(HTTP_HOST="localhost")
    browser.get(path)
    statements.clear()

    page = browser.get(path)

    assert page.status_code == 200
    assert len(statements) == count, "\n".join(statements)


def test_a_longer_list_takes_no_more(statements: list[str]) -> None:
    from evertill.domains import catalog

    load_demo(now=NOON)
    browser = Client(HTTP_HOST="localhost")
    browser.get("/en/products")
    statements.clear()
    browser.get("/en/products")
    before = len(statements)
    drafts = [
        catalog.ProductDraft(
            slug=f"more-{number}",
            texts={"en": catalog.Text(title=f"More {number}")},
            variants=[catalog.VariantDraft(sku=f"MORE-{number}-{size}", prices={"GBP": 100}) for size in range(5)],
        )
        for number in range(30)
    ]
    catalog.save_products(drafts=drafts, now=NOON)
    statements.clear()

    browser.get("/en/products")

    assert len(statements) == before
