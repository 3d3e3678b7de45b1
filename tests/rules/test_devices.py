"""What a browser and its network are called."""

from __future__ import annotations

import pytest

from evertill.entry.pages.devices import name_device, name_network

_MOZILLA = "Mozilla/5.0"
_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


class TestDevice:
    @pytest.mark.parametrize(
        ("sent", "name"),
        [
            (f"{_MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_KIT} Chrome/140.0 Safari/537.36", "Chrome on Windows"),
            (f"{_MOZILLA} (Windows NT 10.0; Win64) {_KIT} Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
            (
                f"{_MOZILLA} (Linux; Android 14; M2) {_KIT} Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0",
                "WeChat on Android",
            ),
            (
                f"{_MOZILLA} (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
                "Safari on iPhone",
            ),
            (f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {_KIT} Version/18.0 Safari/605.1.15", "Safari on Mac"),
            ("curl/8.0", ""),
            ("", ""),
            ("Firefox/1 " + "x" * 100_000, "Firefox"),
        ],
    )
    def test_is_named_as_its_owner_knows_it(self, sent: str, name: str) -> None:
        assert name_device(sent) == name


class TestNetwork:
    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("203.0.113.7", "203.0.0.0/16"),
            ("2001:db8:1:2::3", "2001:db8::/32"),
            ("::ffff:203.0.113.7", "203.0.0.0/16"),
            ("", ""),
            ("unix:", ""),
        ],
    )
    def test_is_as_large_as_a_provider_hands_out(self, address: str, network: str) -> None:
        assert name_network(address) == network
