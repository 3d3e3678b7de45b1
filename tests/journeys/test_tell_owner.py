"""What account holders are told, and by what way: by email, and by SMS only where it is worth its price."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from evertill.domains import messages
from evertill.domains.accounts import Address, AddressKind
from evertill.domains.messages import Channel, Notice
from evertill.journeys.send_messages import send_messages
from evertill.journeys.tell_owner import tell_owner
from evertill.kernel import db
from tests.builders import NOON
from tests.people import ADA, PHONE, VISIT, Pocket, at, pocket, signed_up

EMAIL, NUMBER = (
    Address(kind=AddressKind.EMAIL, text=ADA, proved_at=NOON),
    Address(kind=AddressKind.PHONE, text=PHONE, proved_at=NOON),
)
FACTS = {"device": "Firefox on Linux", "place": "203.0.0.0/16"}


@pytest.fixture
def post(committed_db: None) -> Iterator[Pocket]:
    with pocket() as made:
        yield made


def tell(
    account_id: int, *addresses: Address, notice: Notice = Notice.NEW_SIGN_IN, now: dt.datetime = NOON
) -> list[tuple[Channel, str]]:
    with db.write():
        tell_owner(account_id=account_id, notice=notice, facts=FACTS, now=now, addresses=addresses)
    waiting = messages.read_of_account(account_id=account_id, limit=100)
    return sorted((message.channel, message.to) for message in waiting if message.facts["notice"] == notice.value)


class TestWays:
    def test_is_email_where_there_is_one(self, post: Pocket) -> None:
        account_id = signed_up(post).account_id

        assert tell(account_id, EMAIL, NUMBER) == [(Channel.EMAIL, ADA)]

    def test_is_sms_where_there_is_nothing_else(self, post: Pocket) -> None:
        account_id = signed_up(post, PHONE).account_id

        assert tell(account_id, NUMBER) == [(Channel.SMS, PHONE)]

    @pytest.mark.parametrize("notice", [Notice.RECOVERY_ASKED, Notice.RECOVERY_DONE])
    def test_is_every_one_when_somebody_asks_for_the_account(self, post: Pocket, notice: Notice) -> None:
        account_id = signed_up(post).account_id

        assert tell(account_id, EMAIL, NUMBER, notice=notice) == [(Channel.EMAIL, ADA), (Channel.SMS, PHONE)]

    def test_of_sms_is_limited_in_a_day(self, post: Pocket) -> None:
        account_id = signed_up(post, PHONE).account_id

        for _ in range(12):
            tell(account_id, NUMBER)

        assert len(tell(account_id, NUMBER)) == 10
        assert len(tell(account_id, NUMBER, now=NOON + dt.timedelta(days=1))) == 11


class TestLetters:
    def test_by_sms_are_short_and_in_the_owners_language(self, post: Pocket) -> None:
        account_id = signed_up(post, PHONE, visit=at(VISIT, language="zh-hans")).account_id
        tell(account_id, NUMBER)

        assert send_messages(channel=Channel.SMS, now=NOON) == 1

        letter = post.letters[-1]
        assert (letter.to, letter.subject) == (PHONE, "")
        assert letter.body == "localhost:8000：您的账户有新的登录。如非本人操作，请登录账户检查。"
        assert (letter.form, letter.values) == ("notice", {"what": "您的账户有新的登录"})

    def test_about_an_order_say_so_to_gateways_with_templates(self, post: Pocket) -> None:
        facts = {"order": "0E9W-9MHZ-4G9XQ", "amount": "250", "currency": "GBP"}
        new = messages.NewMessage(
            key="paid:1",
            kind=messages.Kind.ORDER_PAID,
            order_id=1,
            channel=Channel.SMS,
            to=PHONE,
            language="en",
            facts=facts,
        )
        with db.write():
            messages.write(new=[new], now=NOON)

        send_messages(channel=Channel.SMS, now=NOON)

        letter = post.letters[-1]
        assert letter.body == "localhost:8000: your order 0E9W-9MHZ-4G9XQ is paid."
        assert (letter.form, letter.values) == ("order", {"what": "your order 0E9W-9MHZ-4G9XQ is paid"})
