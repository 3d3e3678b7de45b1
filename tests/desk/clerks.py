"""Who sits at the desk: accounts of staff and customers, signed in, each with a browser of his own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client

from evertill.domains import access, accounts, identity
from evertill.domains.accounts import AddressKind
from evertill.domains.identity import Factor, Session
from evertill.journeys import decide_approvals
from evertill.journeys.permitted import Asker, asker_of
from evertill.kernel import clock, db, ids
from tests.askers import session_proves

# What a browser says of a form that the shop's own page sends.
OWN = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Somebody who is signed in: his account, his session, and his browser."""

    account_id: int
    session: Session
    browser: Client

    @property
    def asker(self) -> Asker:
        return asker_of(self.session)

    def get(self, path: str, language: str = "en") -> HttpResponse:
        """A page of the desk, by its address below it."""
        answer: Any = self.browser.get(f"/{language}/desk/{path}")
        return answer

    def post(self, path: str, **fields: Any) -> HttpResponse:
        """A form of the desk that is sent."""
        answer: Any = self.browser.post(f"/en/desk/{path}", fields, headers=OWN)
        return answer

    def prove(self, permission: access.Permission, subject: str) -> None:
        """Have proved anew that it is he, for one operation on one thing (`kind:id`)."""
        session_proves(self.session.id, permission, subject, now=clock.now())


def signed_in(*, mail: str = "", name: str = "Ada", staff: bool = False, roles: tuple[str, ...] = ()) -> Clerk:
    """Somebody with an account and these roles, who signed in a moment ago, with a passkey."""
    now = clock.now()
    with db.write():
        (account_id,) = ids.new_ids(1, now=now)
        accounts.open_account(account_id=account_id, display_name=name, language="en", now=now)
        accounts.add_address(
            account_id=account_id, kind=AddressKind.EMAIL, address=mail or f"{account_id}@example.com", now=now
        )
        if staff or roles:
            access.add_staff(account_id=account_id, by="root", now=now)
        for role in roles:
            access.grant_role(account_id=account_id, role=role, by="OPERATOR:root", why="", now=now)
        secret = identity.sessions.start(
            account_id=account_id,
            is_staff=bool(staff or roles),
            factors=[Factor.PASSKEY],
            device="Firefox on Linux",
            place="203.0.113.0/24",
            now=now,
        )
        session = identity.sessions.resume(secret=secret, now=now)
    assert session is not None
    browser = Client()
    browser.cookies["session"] = secret
    return Clerk(account_id=account_id, session=session, browser=browser)


def text_of(answer: Any) -> str:
    """What stands on a page, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def clerk(*roles: str) -> Clerk:
    """Somebody who works for the shop in these roles; in none, he works for it and may do nothing yet."""
    return signed_in(staff=True, roles=roles)


def approve(by: Clerk) -> None:
    """Have somebody approve the one thing that waits for it."""
    (approval,) = decide_approvals.list_waiting(asker=by.asker, now=clock.now(), limit=9)
    decide_approvals.decide(asker=by.asker, approval_id=approval.id, is_approved=True, why="", now=clock.now())
