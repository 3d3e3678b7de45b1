"""WeChat Pay's daily bill of trades: every value begins with a back-tick, and a row of totals is its end."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal, DecimalException
from typing import BinaryIO

from evertill.domains.payments import BillKind, BillLine, ProviderUnavailable
from evertill.kernel.money import InvalidMoney, Money, parse
from evertill.outside.china import moment
from evertill.outside.numbers import restored

_AT, _TRADE, _NUMBER, _STATE, _CURRENCY = "交易时间", "微信订单号", "商户订单号", "交易状态", "货币种类"
_AMOUNT, _REFUND, _REFUND_STATE, _REFUNDED, _FEE = "订单金额", "微信退款单号", "退款状态", "申请退款金额", "手续费"
# The row of totals has it first. It ends the bill; what it sums up, the bill's digest covers.
_TOTALS = "总交易单数"
_PAID, _BACK, _NEVER_BACK = "SUCCESS", ("REFUND", "REVOKED"), "FAIL"
_CENT = Decimal("0.01")
_MARK = "`"


def read_bill(file: BinaryIO) -> Iterator[BillLine]:
    """This function will read the bill's lines; raises ProviderUnavailable, at the end at last, if it is not whole."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from _lines(text)
    except (ValueError, KeyError, DecimalException, InvalidMoney) as error:
        raise ProviderUnavailable("WeChat Pay's bill has another form than it describes.") from error
    finally:
        # The file stays the caller's.
        text.detach()


def _lines(text: Iterator[str]) -> Iterator[BillLine]:
    header: list[str] = []
    is_ended = False
    for line in text:
        cells = _cells(line)
        if not cells:
            continue
        if not line.startswith(_MARK):
            header = cells
            continue
        facts = dict(zip(header, cells, strict=True))
        if _TOTALS in facts:
            is_ended = True
        else:
            yield from _entries(facts)
    if not is_ended:
        raise ProviderUnavailable("WeChat Pay's bill ends before its end.")


def _cells(line: str) -> list[str]:
    """The values of a line. A value may contain commas, but none that a back-tick follows."""
    plain = line.rstrip("\r\n").rstrip()
    if not plain:
        return []
    return plain[1:].split(",`") if plain.startswith(_MARK) else plain.split(",")


def _entries(facts: Mapping[str, str]) -> Iterator[BillLine]:
    """What one row means; its fee is what the merchant pays, and negative where a refund gives it back."""
    currency = facts[_CURRENCY]
    is_refund = facts[_STATE] in _BACK
    if not is_refund and facts[_STATE] != _PAID:
        raise ValueError(facts[_STATE])
    if is_refund and facts[_REFUND_STATE] == _NEVER_BACK:
        return
    moved = -abs(parse(facts[_REFUNDED], currency=currency).amount) if is_refund else 0
    amounts = {
        BillKind.REFUND if is_refund else BillKind.CAPTURE: moved or parse(facts[_AMOUNT], currency=currency).amount,
        BillKind.FEE: -_fee(facts[_FEE], currency=currency),
    }
    for kind, amount in amounts.items():
        if amount:
            yield BillLine(
                kind=kind,
                reference=restored(facts[_NUMBER]),
                provider_id=facts[_TRADE],
                part_id=facts[_REFUND] if is_refund else "",
                amount=Money(amount=amount, currency=currency),
                at=moment(facts[_AT]),
            )


def _fee(text: str, *, currency: str) -> int:
    # Fees are told with five decimals and settled in whole fen, half of one rounded up.
    return parse(str(Decimal(text).quantize(_CENT, rounding=ROUND_HALF_UP)), currency=currency).amount
