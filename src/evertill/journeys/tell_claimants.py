"""Tell claimants that their claim was answered, and what they were given: in the transaction that did it.

A message says nothing of what was found: who filed the claim may be a stranger to it. It names the claim, whose page
shows what he has proved to be his. The caller holds a transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from evertill.domains import messages
from evertill.domains.claims import Award, Claim
from evertill.kernel import config, contacts

# As of orders: names that lead nowhere.
_NOBODY = ".invalid"


def tell_answered(*, claim: Claim, now: dt.datetime) -> None:
    """This function will tell who filed a claim that it is answered; `claim` is as it was before that.

    One that is opened again and answered anew is told of anew.
    """
    _tell(claim, messages.Kind.CLAIM_ANSWERED, f"claim:{claim.number}:{claim.version}", {}, now=now)


def tell_compensated(*, claim: Claim, award: Award, now: dt.datetime) -> None:
    """This function will tell who filed a claim what he was given, whose order it is as he has proved."""
    facts = {
        "amount": str(award.amount.amount),
        "currency": award.amount.currency,
        "way": award.way.value,
    }
    _tell(claim, messages.Kind.COMPENSATED, f"compensated:{award.number}", facts, now=now)


def _tell(claim: Claim, kind: messages.Kind, key: str, facts: Mapping[str, str], *, now: dt.datetime) -> None:
    if not claim.contact or claim.contact.endswith(_NOBODY):
        return
    message = messages.NewMessage(
        key=key,
        kind=kind,
        claim_id=claim.id,
        account_id=claim.account_id,
        channel=messages.Channel.EMAIL if contacts.is_email(claim.contact) else messages.Channel.SMS,
        to=claim.contact,
        language=claim.language or config.get().languages[0],
        facts={"claim": claim.number, **facts},
    )
    messages.write(new=[message], now=now)
