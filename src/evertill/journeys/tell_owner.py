"""Tell an account's owner what was done with it, at all of its addresses: if it was not him, he can still act.

Written in the transaction that does it, sent afterwards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from evertill.domains import accounts, messages
from evertill.domains.accounts import Address, AddressKind
from evertill.domains.messages import Notice
from evertill.kernel import ids

__all__ = ["Notice", "tell_owner"]


def tell_owner(
    *,
    account_id: int,
    notice: Notice,
    facts: Mapping[str, str],
    now: dt.datetime,
    addresses: Sequence[Address] | None = None,
) -> None:
    """This function will write a message to every email address of an account, or to these; in its language.

    The caller holds a transaction. Whoever removes an address passes those from before, so that it is told there too.
    """
    account = accounts.read(account_id=account_id)
    if account is None:
        return
    to = accounts.read_addresses(account_id=account_id) if addresses is None else addresses
    (notice_id,) = ids.new_ids(1, now=now)
    new = [
        messages.NewMessage(
            key=f"account:{ids.to_number(notice_id)}:{place}",
            kind=messages.Kind.ACCOUNT_NOTICE,
            account_id=account_id,
            to=address.text,
            language=account.language,
            facts={**facts, "notice": notice.value, "at": f"{now:%Y-%m-%d %H:%M} UTC"},
        )
        for place, address in enumerate(to)
        if address.kind is AddressKind.EMAIL
    ]
    messages.write(new=new, now=now)
