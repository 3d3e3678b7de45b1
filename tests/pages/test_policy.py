"""What pages tell browsers of themselves: what may run in them, and who may look at them."""

from __future__ import annotations

import re
from secrets import token_hex

import httpx
import pytest

from evertill.kernel import config
from tests.builders import make_product
from tests.contracts import web

POLICY = (
    "default-src 'none'; script-src {}; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
KEEPABLE = ["/en/", "/en/products?q=zzz", "/nothing", "/static/pages/pages.css"]


def own_page(client: httpx.Client) -> httpx.Response:
    placed = web.order(client, key=token_hex(8)).json()
    return client.get(f"/orders/{placed['number']}", params={"access_token": placed["access_token"]})


class TestPolicy:
    @pytest.mark.parametrize("path", KEEPABLE)
    def test_of_what_may_be_kept_lets_the_shops_own_files_run_and_names_no_nonce(
        self, client: httpx.Client, path: str
    ) -> None:
        answer = client.get(path)

        assert answer.headers["content-security-policy"] == POLICY.format("'self'")
        assert "nonce" not in answer.text

    def test_of_a_visitors_own_page_lets_only_scripts_run_that_carry_its_nonce(self, client: httpx.Client) -> None:
        make_product("TEA", pieces=10)

        page = own_page(client)

        scripts = re.findall(r"<script[^>]*>", page.text)
        nonces = {re.search(r'nonce="([\w-]{22})"', script).group(1) for script in scripts}  # type: ignore[union-attr]
        assert scripts
        assert len(nonces) == 1
        assert page.headers["content-security-policy"] == POLICY.format(f"'nonce-{nonces.pop()}'")

    def test_has_a_new_nonce_in_each_answer_which_nobody_keeps(self, client: httpx.Client) -> None:
        make_product("TEA", pieces=10)

        pages = [own_page(client) for _ in range(3)]

        assert len({page.headers["content-security-policy"] for page in pages}) == 3
        assert {page.headers["cache-control"] for page in pages} == {"no-store"}

    def test_lets_nothing_stand_inside_a_page(self, client: httpx.Client) -> None:
        make_product("TEA", pieces=10)

        for page in (client.get("/en/"), own_page(client), client.get("/cart")):
            assert re.findall(r"<script(?![^>]*\ssrc=)", page.text) == []
            assert re.findall(r"<style|\sstyle=|\son\w+=", page.text) == []
            assert "unsafe" not in page.headers["content-security-policy"]


class TestOtherHeaders:
    @pytest.mark.parametrize("path", KEEPABLE)
    def test_keep_other_sites_out(self, client: httpx.Client, path: str) -> None:
        told = client.get(path).headers

        assert told["x-content-type-options"] == "nosniff"
        assert told["referrer-policy"] == "same-origin"
        assert told["cross-origin-opener-policy"] == "same-origin"
        assert told["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in told

    def test_tell_of_tls_where_the_shops_address_does(self, committed_db: None) -> None:
        url = config.get().database_url
        with (
            web.running(url, public_url="https://shop.example", proxies="127.0.0.1") as site,
            site.client() as client,
        ):
            told = [
                client.get(path, headers={"X-Forwarded-Proto": "https"}).headers["strict-transport-security"]
                for path in (
                    "/en/",
                    "/static/pages/pages.css",
                    "/account/sign-in",
                    "/api/v1/products",
                    "/api/v1/nothing",
                )
            ]

        assert set(told) == {"max-age=31536000; includeSubDomains"}


class TestAnswersToPrograms:
    @pytest.mark.parametrize(
        "path", ["/api/v1/products", "/api/v1/orders/nothing", "/api/v1/payment-methods", "/healthz"]
    )
    def test_can_be_shown_and_guessed_by_no_browser(self, site: web.Site, path: str) -> None:
        with site.client() as client:
            headers = client.get(path).headers

        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers
