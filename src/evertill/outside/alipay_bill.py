"""Alipay's daily bill of trades: a ZIP with a CSV in GBK, comments around its table, and totals at its end."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, DecimalException
from typing import BinaryIO

from evertill.domains.payments import BillKind, BillLine, ProviderUnavailable
from evertill.kernel.money import InvalidMoney, Money, parse
from evertill.outside.china import CURRENCY, moment
from evertill.outside.numbers import restored

_TRADE, _NUMBER, _KIND, _DONE = "支付宝交易号", "商户订单号", "业务类型", "完成时间"
_AMOUNT, _RECEIVED, _FEE, _REQUEST = "订单金额（元）", "商家实收（元）", "服务费（元）", "退款批次号/请求号"
_TRADED, _REFUNDED = "交易", "退款"
_END = "列表结束"
_TOTAL = re.compile(r"#(交易|退款)合计：(\d+)笔，商家实收(?:退款)?共(-?[\d.]+)元")
# The other file in the ZIP sums up by branch of the shop.
_SUMMARY = "汇总"


def read_bill(file: BinaryIO, *, bytes_max: int) -> Iterator[BillLine]:
    """This function will read the bill's lines; raises ProviderUnavailable, at the end at last, if it is not whole."""
    try:
        with zipfile.ZipFile(file, metadata_encoding="gb18030") as archive:
            (detail,) = [
                entry
                for entry in archive.infolist()
                if entry.filename.endswith(".csv") and _SUMMARY not in entry.filename
            ]
            if detail.file_size > bytes_max:
                raise ProviderUnavailable("Alipay's bill is larger than may be read.")
            with archive.open(detail) as member, io.TextIOWrapper(member, encoding="gb18030", newline="") as text:
                yield from _lines(_Table(text))
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError, csv.Error, DecimalException, InvalidMoney) as error:
        raise ProviderUnavailable("Alipay's bill has another form than it describes.") from error


class _Table:
    """The rows between the comments; what the comments say at the end is kept."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = lines
        self.is_ended = False
        # By kind: how many rows, and the sum of what the merchant received.
        self.totals: dict[str, tuple[int, Decimal]] = {}

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            if not line.startswith("#"):
                yield line
                continue
            self.is_ended = self.is_ended or _END in line
            for kind, count, amount in _TOTAL.findall(line):
                self.totals[kind] = (int(count), Decimal(amount))


def _lines(table: _Table) -> Iterator[BillLine]:
    header: list[str] = []
    counts, sums = {_TRADED: 0, _REFUNDED: 0}, {_TRADED: Decimal(0), _REFUNDED: Decimal(0)}
    for cells in csv.reader(table):
        row = [cell.strip() for cell in cells]
        if not any(row):
            continue
        if not header:
            header = row
            continue
        facts = dict(zip(header, row, strict=True))
        counts[facts[_KIND]] += 1
        sums[facts[_KIND]] += Decimal(facts[_RECEIVED])
        yield from _entries(facts)
    if not table.is_ended:
        raise ProviderUnavailable("Alipay's bill ends before its end.")
    for kind, (count, amount) in table.totals.items():
        if (count, abs(amount)) != (counts[kind], abs(sums[kind])):
            raise ProviderUnavailable("Alipay's bill does not add up to its own totals.")


def _entries(facts: Mapping[str, str]) -> Iterator[BillLine]:
    """What one row means. Its signs differ between kinds of bill; the kind of the row tells which way money went."""
    is_refund = facts[_KIND] == _REFUNDED
    way = -1 if is_refund else 1
    for kind, column, sign in (
        (BillKind.REFUND if is_refund else BillKind.CAPTURE, _AMOUNT, way),
        # A refund gives its part of the fee back.
        (BillKind.FEE, _FEE, -way),
    ):
        amount = abs(parse(facts[column], currency=CURRENCY).amount)
        if amount:
            yield BillLine(
                kind=kind,
                reference=restored(facts[_NUMBER]),
                provider_id=facts[_TRADE],
                part_id=restored(facts[_REQUEST]) if is_refund else "",
                amount=Money(amount=sign * amount, currency=CURRENCY),
                at=moment(facts[_DONE]),
            )
