"""Receipts as texts: what is written is read again, and nothing else is."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from evertill.domains import receipts
from evertill.domains.receipts import FactLine, Facts, PublicKey, Signer, rules, texts
from tests.builders import NOON

_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_PUBLIC = _PRIVATE.public_key().public_bytes_raw()
_KEY = PublicKey(id=rules.key_id_of(_PUBLIC), generation=1, public=_PUBLIC, made_at=NOON, vouched=b"")
_SIGNER = Signer(key=_KEY, private=_PRIVATE)
KEYS = {_KEY.id: _PUBLIC}

_LINES = st.builds(
    FactLine,
    sku=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64),
    quantity=st.integers(1, 2**31 - 1),
    unit_price=st.integers(0, 10**15),
)
_FACTS = st.builds(
    Facts,
    order_id=st.integers(0, 2**60 - 1),
    placed_at=st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    currency=st.sampled_from(["GBP", "CNY", "JPY"]),
    total=st.integers(0, 10**15),
    lines=st.lists(_LINES, min_size=1, max_size=5).map(tuple),
)


def facts(order_id: int = 7, *, lines: int = 2) -> Facts:
    told = tuple(FactLine(sku=f"TEA-{place:03}", quantity=2, unit_price=250) for place in range(lines))
    return Facts(order_id=order_id, placed_at=NOON, currency="GBP", total=500 * lines, lines=told)


def written(*told: Facts) -> list[str]:
    contacts = [bytes([place]) * 16 for place in range(len(told))]
    return texts.write_all(receipts.sign_batch(facts=told, contacts=contacts, signer=_SIGNER, now=NOON), facts=told)


class TestReceipts:
    @given(st.lists(_FACTS, min_size=1, max_size=20))
    @settings(max_examples=30)
    def test_say_what_was_signed(self, told: list[Facts]) -> None:
        for one, text in zip(told, written(*told), strict=True):
            receipt = texts.read(text)

            rules.verify(receipt, keys=KEYS)
            assert (receipt.order_id, receipt.placed_at) == (one.order_id, one.placed_at)
            assert (receipt.currency, receipt.total, receipt.lines) == (one.currency, one.total, one.lines)

    def test_have_one_form(self) -> None:
        (text,) = written(facts(lines=1))

        assert text == (
            "EVERTILL1.AcLCZhJUfdJIAAAAAAAAAAcABmDcN3jQAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAABwAG"
            "YNw3eNAAR0JQAAAAAAAAAfQAAAABAC_p_7Wtneg5I9P9VKuxhiR0ivWpJ26-P0YeSKvwP2f1F30xQOjg06Y-OrxBG_"
            "LEA6bzKEZYvifIG647ovjyTQ4AB1RFQS0wMDAAAAACAAAAAAAAAPo"
        )

    @given(st.data())
    @settings(max_examples=200)
    def test_prove_nothing_with_any_bit_changed(self, data: st.DataObject) -> None:
        text = written(facts(1), facts(2), facts(3))[data.draw(st.integers(0, 2))]
        content = bytearray(base64.urlsafe_b64decode(text.removeprefix(texts.PREFIX) + "=="))
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= 1 << data.draw(st.integers(0, 7))
        altered = texts.PREFIX + base64.urlsafe_b64encode(content).rstrip(b"=").decode()

        with pytest.raises((receipts.ReceiptAltered, receipts.OtherShop)):
            rules.verify(texts.read(altered), keys=KEYS)

    @given(st.data())
    def test_are_damaged_when_a_part_is_missing(self, data: st.DataObject) -> None:
        (text,) = written(facts())
        end = data.draw(st.integers(len(texts.PREFIX), len(text) - 1))

        with pytest.raises(receipts.ReceiptAltered):
            rules.verify(texts.read(text[:end]), keys=KEYS)

    # Its own mark is a word of this house, and such words are drawn too.
    @given(st.one_of(st.text(), st.binary()).filter(lambda text: "EVERTILL" not in str(text)))
    def test_are_nothing_else(self, text: str | bytes) -> None:
        with pytest.raises(receipts.NotAReceipt):
            texts.read(text)

    @given(st.binary(max_size=400))
    def test_are_damaged_with_anything_behind_their_mark(self, content: bytes) -> None:
        with pytest.raises((receipts.ReceiptAltered, receipts.OtherShop)):
            rules.verify(texts.read(texts.PREFIX + base64.urlsafe_b64encode(content).rstrip(b"=").decode()), keys=KEYS)

    def test_survive_mail(self) -> None:
        (text,) = written(facts())
        folded = "\ufeff" + "\r\n ".join(text[start : start + 60] for start in range(0, len(text), 60)) + "\n"

        assert texts.read(folded.encode()) == texts.read(text)

    def test_are_not_read_when_too_big(self) -> None:
        with pytest.raises(receipts.ReceiptTooBig):
            texts.read(b"EVERTILL1." + b"A" * texts.TEXT_BYTES_MAX)

    def test_are_another_shops_by_another_key(self) -> None:
        (text,) = written(facts())

        with pytest.raises(receipts.OtherShop):
            rules.verify(texts.read(text), keys={1: _PUBLIC})

    def test_hold_as_many_lines_as_an_order_may_have(self) -> None:
        (text,) = written(facts(lines=10_000))

        receipt = texts.read(text)

        rules.verify(receipt, keys=KEYS)
        assert receipt.lines is not None
        assert len(receipt.lines) == 10_000


class TestShortReceipts:
    @pytest.mark.parametrize("lines", [1, 10, 50, 1000])
    def test_fit_a_code_and_prove_the_same(self, lines: int) -> None:
        told = [facts(order_id, lines=lines) for order_id in range(256)]
        batch = receipts.sign_batch(facts=told, contacts=[bytes(16)] * 256, signer=_SIGNER, now=NOON)

        text = texts.write_short(batch, facts=told[200], index=200)

        receipt = texts.read(text)
        rules.verify(receipt, keys=KEYS)
        assert len(text) <= texts.SHORT_CHARS_MAX
        assert segno.make(text, error="m", micro=False).symbol_size(border=0)[0] <= 121
        assert receipt.lines_digest == rules.digest_lines(told[200].lines)
        assert (receipt.lines is None) == (lines > 10)
        assert receipt.line_count == lines
