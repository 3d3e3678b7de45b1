"""Tell an account's owner what was done with it: if it was not him, he can still act.

By email to every address of his. By SMS, which costs money, where he has no address, and where somebody asks for his
account: that he must hear whatever else a thief has. Written in the transaction that does it, sent afterwards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from evertill.domains import accounts, identity, messages
from evertill.domains.accounts import Address, AddressKind
from evertill.domains.messages import Channel, Notice
from evertill.kernel import ids

__all__ = ["Notice", "tell_owner"]

_LOUD = (Notice.RECOVERY_ASKED, Notice.RECOVERY_READY, Notice.RECOVERY_DONE)


def tell_owner(
    *,
    account_id: int,
    notice: Notice,
    facts: Mapping[str, str],
    now: dt.datetime,
    addresses: Sequence[Address] | None = None,
) -> None:
    """This function will write a message to the addresses of an account, or to these; in its language.

    A phone gets `notice_sms_day_max` a day at most. The caller holds a transaction. Whoever removes an address passes
    those from before, so that it is told there too.
    """
    account = accounts.read(account_id=account_id)
    if account is None:
        return
    known = accounts.read_addresses(account_id=account_id) if addresses is None else addresses
    (notice_id,) = ids.new_ids(1, now=now)
    new = [
        messages.NewMessage(
            key=f"account:{ids.to_number(notice_id)}:{place}",
            kind=messages.Kind.ACCOUNT_NOTICE,
            account_id=account_id,
            channel=channel,
            to=to,
            language=account.language,
            facts={**facts, "notice": notice.value, "at": f"{now:%Y-%m-%d %H:%M} UTC"},
        )
        for place, (channel, to) in enumerate(_ways(known, notice, now=now))
    ]
    messages.write(new=new, now=now)


def _ways(known: Sequence[Address], notice: Notice, *, now: dt.datetime) -> list[tuple[Channel, str]]:
    emails = [(Channel.EMAIL, address.text) for address in known if address.kind is AddressKind.EMAIL]
    if emails and notice not in _LOUD:
        return emails
    # In one order, so that two who tell the same phones at once do not wait for each other in a circle.
    phones = sorted(address.text for address in known if address.kind is AddressKind.PHONE)
    return emails + [(Channel.SMS, phone) for phone in phones if identity.codes.may_notify(phone=phone, now=now)]
