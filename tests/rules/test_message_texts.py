"""What customers read."""

from __future__ import annotations

import pytest

from evertill.domains.messages import Cause, Compensation, Kind, Notice, render, render_code, render_sms

FACTS = {"order": "0E9W-9MHZ-4G9XQ", "amount": "1250", "currency": "GBP"}
CLAIM = {"claim": "0EA2-7Q4T-11ZWM"}
SHOP = "https://shop.example"


class TestRender:
    def test_tells_that_an_order_is_paid(self) -> None:
        subject, body = render(kind=Kind.ORDER_PAID, language="en", facts=FACTS, shop=SHOP)

        assert subject == "Order 0E9W-9MHZ-4G9XQ is paid"
        assert body == (
            "Hello,\n\nWe have received 12.50 GBP for your order 0E9W-9MHZ-4G9XQ. Thank you: it is paid.\n\nPlease keep"
            " the order number; we will ask you for it if you write to us.\n\nhttps://shop.example\n"
        )

    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize("cause", Cause)
    def test_has_words_for_every_cause_in_every_language(self, language: str, cause: Cause) -> None:
        subject, body = render(kind=Kind.REFUNDED, language=language, facts={**FACTS, "cause": cause}, shop=SHOP)

        assert "0E9W-9MHZ-4G9XQ" in subject
        assert "\n" not in subject
        assert "12.50 GBP" in body
        assert body.isascii() is (language == "en")
        assert not set("{}") & set(subject + body)

    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize("way", Compensation)
    def test_tells_what_a_claim_came_to(self, language: str, way: Compensation) -> None:
        given = {**CLAIM, "amount": "1250", "currency": "GBP", "way": way.value}

        answered = render(kind=Kind.CLAIM_ANSWERED, language=language, facts=CLAIM, shop=SHOP)
        compensated = render(kind=Kind.COMPENSATED, language=language, facts=given, shop=SHOP)

        for subject, body in (answered, compensated):
            assert "0EA2-7Q4T-11ZWM" in subject
            assert "0EA2-7Q4T-11ZWM" in body
            assert body.isascii() is (language == "en")
            assert not set("{}") & set(subject + body)
        assert "12.50 GBP" in compensated[1]
        assert ("days until your bank" in compensated[1] or "几天时间" in compensated[1]) is (
            way is Compensation.REFUND
        )

    def test_speaks_english_where_it_knows_no_better(self) -> None:
        known, other = (render(kind=Kind.ORDER_PAID, language=name, facts=FACTS, shop=SHOP) for name in ("en", "fr"))

        assert other == known

    @pytest.mark.parametrize("wrong", [{"kind": "BIRTHDAY"}, {"facts": {}}, {"facts": {**FACTS, "amount": "much"}}])
    def test_refuses_what_it_has_no_words_for(self, wrong: dict[str, object]) -> None:
        asked: dict[str, object] = {"kind": Kind.ORDER_PAID, "language": "en", "facts": FACTS, "shop": SHOP, **wrong}

        with pytest.raises((KeyError, ValueError)):
            render(**asked)  # type: ignore[arg-type]


NOTICE = {
    "at": "2026-11-22 12:00 UTC",
    "device": "Firefox on Linux",
    "place": "203.0.0.0/16",
    "address": "a***@example.com",
    "name": "Blue key",
    "left": "9",
    "ready_at": "2026-11-25 12:00 UTC",
    "ends_at": "2026-12-02 12:00 UTC",
    "cancel": "/account/recovery/cancel/1.x",
}


class TestRenderNotice:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize("notice", Notice)
    def test_has_words_for_every_notice_in_every_language(self, language: str, notice: Notice) -> None:
        facts = {**NOTICE, "notice": notice.value}

        subject, body = render(kind=Kind.ACCOUNT_NOTICE, language=language, facts=facts, shop=SHOP)

        assert "\n" not in subject
        assert body.endswith(f"{SHOP}\n")
        assert body.isascii() is subject.isascii() is (language == "en")
        assert not set("{}") & set(subject + body)
        links_to_cancel = notice in (Notice.RECOVERY_ASKED, Notice.RECOVERY_READY)
        assert ("https://shop.example/account/recovery/cancel/1.x" in body) is links_to_cancel

    def test_refuses_a_notice_that_it_does_not_know(self) -> None:
        with pytest.raises(ValueError, match="BIRTHDAY"):
            render(kind=Kind.ACCOUNT_NOTICE, language="en", facts={**NOTICE, "notice": "BIRTHDAY"}, shop=SHOP)


# What these tell depends on a fact beside their kind.
_WITH_CAUSES = {Notice: Kind.ACCOUNT_NOTICE, Cause: Kind.REFUNDED, Compensation: Kind.COMPENSATED}


class TestRenderSms:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize(
        "told", [*Notice, *Cause, *Compensation, *(kind for kind in Kind if kind not in _WITH_CAUSES.values())]
    )
    def test_is_short_whatever_it_tells_in_every_language(
        self, language: str, told: Notice | Cause | Compensation | Kind
    ) -> None:
        kind = _WITH_CAUSES.get(type(told), told)
        facts = {**FACTS, **CLAIM, "amount": "1234567", "cause": told.value, "notice": told.value, "way": told.value}

        body, what = render_sms(kind=kind, language=language, facts=facts, shop="shop.example", address=SHOP)

        assert what in body
        assert body.startswith("shop.example")
        assert body.isascii() is (language == "en")
        assert not set("{}\n") & set(body)
        # One SMS; and what an approved template takes.
        assert len(body) <= (160 if language == "en" else 70)
        assert language == "en" or len(what) <= 35

    @pytest.mark.parametrize("notice", [Notice.RECOVERY_ASKED, Notice.RECOVERY_READY])
    def test_lets_a_recovery_be_cancelled(self, notice: Notice) -> None:
        facts = {**NOTICE, "notice": notice.value}

        body, what = render_sms(kind=Kind.ACCOUNT_NOTICE, language="en", facts=facts, shop="shop.example", address=SHOP)

        assert body.endswith(" Not you? Cancel it: https://shop.example/account/recovery/cancel/1.x")
        assert "http" not in what

    def test_speaks_english_where_it_knows_no_better(self) -> None:
        known, other = (
            render_sms(kind=Kind.ORDER_PAID, language=name, facts=FACTS, shop="shop.example", address=SHOP)
            for name in ("en", "fr")
        )

        assert (
            other
            == known
            == (
                "shop.example: your order 0E9W-9MHZ-4G9XQ is paid.",
                "your order 0E9W-9MHZ-4G9XQ is paid",
            )
        )

    @pytest.mark.parametrize("wrong", [{"kind": "BIRTHDAY"}, {"facts": {}}, {"facts": {**FACTS, "amount": "much"}}])
    def test_refuses_what_it_has_no_words_for(self, wrong: dict[str, object]) -> None:
        asked: dict[str, object] = {"kind": Kind.ORDER_PAID, "language": "en", "facts": FACTS, **wrong}

        with pytest.raises((KeyError, ValueError)):
            render_sms(**asked, shop="shop.example", address=SHOP)  # type: ignore[arg-type]


CODE = {"code": "123456", "minutes": 10, "shop": "shop.example"}


class TestRenderCode:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize("purpose", ["sign-in", "second-step", "step-up:17", "add-address:17", "anything"])
    def test_has_words_for_every_purpose_in_every_language(self, language: str, purpose: str) -> None:
        subject, letter, sms = render_code(purpose=purpose, language=language, **CODE)  # type: ignore[arg-type]

        assert "123456" not in subject
        assert [text.count("123456") for text in (letter, sms)] == [1, 1]
        assert "shop.example" in sms
        assert sms.isascii() is letter.isascii() is (language == "en")
        assert not set("{}") & set(subject + letter + sms)
        # One SMS, of 160 Latin or 70 other characters, for a host of this length.
        assert len(sms) <= (160 if language == "en" else 70)

    def test_speaks_english_where_it_knows_no_better(self) -> None:
        known, other = (
            render_code(purpose="sign-in", language=name, **CODE)  # type: ignore[arg-type]
            for name in ("en", "fr")
        )

        assert other == known
