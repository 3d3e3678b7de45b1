"""A shop with people in it: everything that is somebody's is marked, so that an answer to the wrong person is known.

Ada is whose things others try to get. Ben is another customer, Gus a guest with an order of his own, and there is
somebody of the staff in each role that comes with the shop, and one without any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString

from django.apps import apps
from django.test import Client

from evertill.domains import access, identity, incidents, payments
from evertill.domains.access import GIVEN, Permission, Scope
from evertill.domains.catalog.models import Product, ProductText
from evertill.domains.identity import Factor
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.index_products import index_products
from evertill.journeys.keep_submission import keep_submission
from evertill.journeys.manage_tokens import issue_token
from evertill.journeys.permitted import Wish
from evertill.journeys.place_orders import Placed
from evertill.kernel import clock, db, ids
from tests import tables
from tests.askers import MACHINE
from tests.balances import make_balance, token_of
from tests.builders import ask, make_product, place_one
from tests.desk.clerks import Clerk, signed_in
from tests.paying import refund, settle, start
from tests.submitting import failed
from tests.twin import Twin

ADA, BEN, GUS, NOBODY = "Ada", "Ben", "Gus", "nobody"
STAFF = tuple(sorted(GIVEN))
WITHOUT_ROLE = "staff without a role"
# In the sequence in which they are tried.
CALLERS = (NOBODY, GUS, BEN, WITHOUT_ROLE, *STAFF)


@dataclass(slots=True, kw_only=True)
class Caller:
    """Somebody who asks: his session, if he has one, what his roles allow, and the token of an order of his own."""

    name: str
    clerk: Clerk | None = None
    permissions: frozenset[Permission] = frozenset()
    access_token: str = ""
    browser: Client = field(default_factory=Client)

    @property
    def is_signed_in(self) -> bool:
        return self.clerk is not None

    @property
    def is_staff(self) -> bool:
        return self.clerk is not None and self.clerk.session.is_staff

    def come_back(self) -> None:
        """Sign in anew when what he did has ended his session."""
        if self.clerk is None:
            return
        self.browser = Client()
        with db.write():
            self.browser.cookies["session"] = identity.sessions.start(
                account_id=self.clerk.account_id,
                is_staff=self.clerk.session.is_staff,
                factors=[Factor.PASSKEY],
                device="Firefox on Linux",
                place="203.0.113.0/24",
                now=clock.now(),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """The shop's people, Ada's order and the payment of it, and every mark by whose it is."""

    callers: Mapping[str, Caller]
    order: Placed
    payment: str
    guests_order: Placed
    # How the orders of customers can be written, without dashes.
    orders_of: Mapping[str, frozenset[str]]
    # What somebody left to be reached by, and what he bought: staff may see it whose work it is.
    personal: Mapping[str, str]
    # What proves somebody: nobody but himself ever sees it.
    secret: Mapping[str, str]
    api_tokens: Mapping[str, str]

    def foreign_to(self, caller: Caller, *, may_see_people: bool = False) -> re.Pattern[str]:
        """What must not stand in an answer to somebody."""
        marks = [mark for mark, whose in self.secret.items() if whose != caller.name]
        if not may_see_people:
            marks += [mark for mark, whose in self.personal.items() if whose != caller.name]
        return re.compile("|".join(map(re.escape, marks)))


@contextmanager
def town() -> Iterator[Town]:
    """A shop with people in it while the block runs, in the worker's database, which is emptied afterwards."""
    twin = Twin()
    payments.register(twin)
    try:
        yield _build(twin)
    finally:
        payments.register()
        db.close()
        tables.empty()


def _build(twin: Twin) -> Town:
    make_product("TEA", pieces=1000)
    make_product("RING", pieces=100, title="Engagement ring q7Xw")
    personal, secret = {"Engagement ring q7Xw": ADA}, {}
    callers = {NOBODY: Caller(name=NOBODY)}
    orders: dict[str, Placed] = {}
    for number, name in enumerate((ADA, BEN, GUS)):
        mail, phone = f"{name.lower()}.m4rk{number}@private.example", f"+44 7700 90012{number}".replace(" ", "")
        personal |= {mail: name, phone: name}
        clerk = None if name == GUS else signed_in(mail=mail, name=f"{name} Markhold")
        if clerk:
            personal[f"{name} Markhold"] = name
        account_id = clerk.account_id if clerk else None
        for wanted in ("TEA", "RING") if name == ADA else ("TEA",):
            asked = ask(f"{name} {wanted}", {wanted: 2}, email=mail, phone=phone, account_id=account_id)
            orders[name] = place_one(asked, now=clock.now())
            secret[orders[name].access_token] = name
        callers[name] = _caller(name, clerk, orders[name].access_token)
    # What Ada bought is for sale no more, so that its name stands nowhere but with her order.
    Product.objects.filter(slug="ring").update(status="DRAFT")
    ProductText.objects.create(product=Product.objects.get(slug="tea"), language="en", title="Tea")
    index_products()
    for name in (WITHOUT_ROLE, *STAFF):
        callers[name] = _caller(name, signed_in(name=f"{name} Staffhold", staff=True, roles=_roles(name)))
        personal[f"{name} Staffhold"] = name
    payment = _leave_traces(twin, orders[ADA])
    secret |= {str(caller.browser.cookies["session"].value): name for name, caller in callers.items() if caller.clerk}
    secret[token_of(make_balance())] = ADA
    api_tokens = {
        scope.value: issue_token(asker=MACHINE, name=f"of {scope.name}", scopes=[scope], now=clock.now())
        for scope in Scope
    }
    secret |= dict.fromkeys(api_tokens.values(), "a program")
    return Town(
        callers=callers,
        order=orders[ADA],
        payment=payment,
        guests_order=orders[GUS],
        orders_of={name: _writings(order) for name, order in orders.items() if name != ADA},
        personal=personal,
        secret=secret,
        api_tokens=api_tokens,
    )


def _writings(order: Placed) -> frozenset[str]:
    return frozenset({order.number.replace("-", ""), str(order.order.id)})


def _roles(name: str) -> tuple[str, ...]:
    return () if name == WITHOUT_ROLE else (name,)


def _caller(name: str, clerk: Clerk | None, access_token: str = "") -> Caller:
    if clerk is None:
        return Caller(name=name, access_token=access_token)
    roles = [access.BUILT_IN[role] for role in ("customer", *_roles(name)) if role in access.BUILT_IN]
    allowed = frozenset[Permission]().union(*roles)
    return Caller(name=name, clerk=clerk, permissions=allowed, access_token=access_token, browser=clerk.browser)


def _leave_traces(twin: Twin, order: Placed) -> str:
    """One of every kind of thing that a shop has of Ada; and the number of her payment."""
    now = clock.now()
    intent = start(order, key="Ada pays", now=now)
    twin.pay(intent)
    settle(intent, now=now)
    refund(intent, 100, key="Ada's money back", now=now)
    asked = ask("failed", {"TEA": 1}, email="ada.m4rk0@private.example", account_id=order.order.account_id)
    keep_submission(failed=failed(asked, at=now), now=now)
    with db.write():
        incidents.raise_alert(kind=incidents.Kind.REFUND_REFUSED, subject="payments", detail="Look.", now=now)
    wish = Wish(
        permission=Permission.ORDERS_REFUND,
        subject=Subject(kind="order", id=ids.to_number(order.order.id)),
        content={"amount": 100},
    )
    decide_approvals.ask(asker=MACHINE, wish=wish, why="broken", now=now)
    with db.write():
        access.define_role(name="night", says="", permissions=[Permission.ORDERS_READ], by=MACHINE.name, now=now)
    return intent.number


def object_ids() -> list[str]:
    """Every id, number, name and address word by which something in the shop could be asked for."""
    found: dict[str, None] = {}
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        if table in ("django_migrations", "django_content_type", "auth_permission"):
            continue
        for column in _names_of(model):
            statement: LiteralString = f"select distinct {column} from {table} order by 1 limit 500"  # noqa: S608 — names of ours.
            for (value,) in db.fetch(statement):
                found |= dict.fromkeys(_spelled(value))
    return list(found)


def _names_of(model: Any) -> list[str]:
    """The columns of a table that tell its rows apart, each by itself, or that name another table's."""
    return [
        column.column
        for column in model._meta.concrete_fields
        if column.primary_key or column.unique or column.column.endswith("_id") or column.column in ("number", "name")
    ]


def _spelled(value: object) -> list[str]:
    """How an address can name this; digests of secrets are no names."""
    if isinstance(value, bool) or value is None or isinstance(value, bytes | memoryview):
        return []
    text = str(value)
    if isinstance(value, int):
        return [text, ids.to_number(value)] if 0 < value < 1 << 60 else []
    return [text] if 0 < len(text) <= 80 and "/" not in text else []
