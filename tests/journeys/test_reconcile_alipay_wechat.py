"""A day of Alipay and of WeChat Pay, from payment to a bill with which the books agree, fees included."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from evertill.domains import payments
from evertill.domains.payments import RefundState, State
from evertill.journeys.reconcile_bill import reconcile_bill
from evertill.journeys.view_reconciliation import view_reconciliation
from evertill.kernel import clock
from tests.builders import ask, make_product, place_one
from tests.outside import test_alipay as alipay
from tests.outside import test_wechat as wechat
from tests.outside.intents import plain
from tests.paying import are_books_sound, clearing, refund, settle, start
from tests.twins import serving
from tests.twins import wechat as described
from tests.twins.serving import Twin

# Noon in China, of a day whose bill is there.
DAY = alipay.DAY
NOON = dt.datetime.combine(DAY, dt.time(4), tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("keys")
    for name in ("app", "alipay", "merchant", "wechat"):
        serving.make_key(made / name)
    (made / "apiv3-key.txt").write_text(described.API_KEY, encoding="ascii")
    return made


@pytest.fixture(params=["alipay", "wechat"])
def twin(request: pytest.FixtureRequest, folder: Path, committed_db: None) -> Iterator[Twin]:
    """A twin, with the shop connected to it and to nobody else."""
    with serving.running(f"tests.twins.{request.param}", folder) as running, ExitStack() as stack:
        if request.param == "alipay":
            payments.register(stack.enter_context(closing(alipay.connected(running, folder))))
        else:
            payments.register(stack.enter_context(closing(wechat.connected(running, folder))))
        yield running
        payments.register()


def bill(name: str, intent: payments.Intent, back: payments.Refund) -> dict[str, object]:
    """The bill of a payment of 2.50 with a fee of 0.02, of which 1.00 and 0.01 went back."""
    if name == "alipay":
        trade = {"支付宝交易号": intent.provider_id}
        part = {"服务费（元）": "0.01", "退款批次号/请求号": plain(back.number)}
        paid = alipay.row("交易", intent.number, "2.50", **{"服务费（元）": "-0.02"})
        return {"rows": [paid | trade, alipay.row("退款", intent.number, "-1.00", **part) | trade]}
    ((_, _, refund_id),) = payments.find_refunds_of(intent_ids={intent.id})
    paid_row = wechat.row(intent.number, 微信订单号=intent.provider_id)
    return {"content": wechat.bill(paid_row, wechat.refund_row(intent.number, refund_id, "1.00"))}


class TestADay:
    def test_ends_with_nothing_open_and_the_fees_in_the_books(self, twin: Twin) -> None:
        (name,) = {method.partition(".")[0] for method in payments.methods()}
        make_product("TEA", prices={"CNY": 250})
        order = place_one(ask(currency="CNY"), now=NOON)
        intent = start(order, method=f"{name}.qr", now=NOON)
        if name == "alipay":
            twin.post("scan", number=plain(intent.number))
        twin.pay(intent.number)
        intent = settle(intent, now=NOON)
        assert intent.state is State.CAPTURED
        back = refund(intent, 100, now=NOON)
        assert back.state is RefundState.SUCCEEDED
        twin.post("bill", date=DAY.isoformat(), **bill(name, intent, back))

        run = reconcile_bill(provider=name, date=DAY, now=clock.now())

        assert (run.lines, run.matched) == (4, 4)
        assert view_reconciliation(provider=name, date=DAY, limit=10).open == {}
        assert clearing(provider=name, currency="CNY") == 250 - 2 - 100 + 1
        assert are_books_sound()
