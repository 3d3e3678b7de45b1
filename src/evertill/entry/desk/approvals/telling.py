"""What exactly somebody asks for, in words: whoever approves it reads here what would be done, and to what."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission, Scope
from evertill.entry.desk import words
from evertill.journeys.decide_approvals import Approval
from evertill.kernel import ids
from evertill.kernel.money import Money

# What the parts of a request are called; those that are not here keep their own names.
_NAMES: Mapping[str, Promise | str] = {
    "amount": _("Amount"),
    "total": _("Total"),
    "lines": _("Pieces"),
    "whole": _("All that is left"),
    "restock": _("Goods go back on sale"),
    "reason": _("Reason"),
    "why": _("Why"),
    "table": _("Table"),
    "filters": _("Filters"),
    "things": _("Things"),
    "bulk": _("In bulk"),
    "order": _("Order"),
    "review": _("Review"),
    "account": _("Account"),
    "paid": _("Paid by"),
    "from": _("From the backup"),
    "prices": _("Prices"),
    "grant": _("Role to be given"),
    "revoke": _("Role to be taken"),
    "says": _("What it says"),
    "permissions": _("What it would allow"),
    "issue": _("What the token may do"),
    "value": _("What it is to be"),
    "instead_of": _("What it is now"),
    "delay_days": _("Days late"),
    "before": _("Before"),
    "after": _("After"),
}
# Digests say nothing to people, currencies stand with their amounts, and the rest is said by what is asked for.
_UNSAID = ("digest", "currency", "version", "receipt", "contact", "kept", "export", "delete")
_KINDS: Mapping[str, Promise | str] = {
    "order": _("Order"),
    "review": _("Review"),
    "bulk": _("In bulk"),
    "account": _("Account"),
    "role": _("Role"),
    "token": _("API token"),
    "preference": _("Setting"),
    "table": _("Table"),
    "claim": _("Claim"),
    "policy": _("Policy"),
    "refund": _("Refund"),
    "price-list": _("Price list"),
}
# Where a thing is shown, by its kind, and who may look there.
_SHOWN: Mapping[str, tuple[str, Permission]] = {
    "order": ("desk:orders:show", Permission.ORDERS_READ),
    "review": ("desk:orders:show", Permission.ORDERS_READ),
    "bulk": ("desk:bulk:show", Permission.OWN_ACCOUNT),
    "claim": ("desk:claims:show", Permission.CLAIMS_READ),
    "role": ("desk:staff:role", Permission.ACCESS_READ),
    "preference": ("desk:preferences:show", Permission.SETTINGS_EDIT),
}


def tell_subject(one: Approval) -> str:
    """This function will say what a request is about: the kind of thing, and its number or name."""
    kind, _colon, name = one.subject.partition(":")
    if kind == "account" and name.isdecimal():
        name = ids.to_number(int(name))
    return f"{_KINDS.get(kind, kind)} {name}".strip()


def address_of(one: Approval, *, may: Collection[Permission]) -> str:
    """This function will return where somebody who `may` so much sees what a request is about; "" for nowhere."""
    kind, _colon, name = one.subject.partition(":")
    view, permission = _SHOWN.get(kind, ("", None))
    if permission not in may:
        return ""
    try:
        return reverse(view, args=(name,))
    except NoReverseMatch:
        return ""


def tell_content(content: Mapping[str, Any]) -> list[tuple[Promise | str, Sequence[str]]]:
    """This function will return what a request says, part by part: what it is called, and its lines."""
    currency = str(content.get("currency", ""))
    return [
        (_NAMES.get(name, name), list(_lines(name, value, currency=currency)))
        for name, value in content.items()
        if name not in _UNSAID and value not in (None, "", [], {})
    ]


def _lines(name: str, value: object, *, currency: str) -> Iterator[str]:
    if name in ("amount", "total") and currency and isinstance(value, int):
        yield _money(value, currency)
    elif name == "prices" and isinstance(value, Mapping):
        for sku, (before, after) in value.items():
            yield f"{sku}: {_price(before, currency)} → {_price(after, currency)}"
    elif name == "lines" and isinstance(value, Sequence):
        for sku, quantity, unit_price in value:
            yield f"{quantity} × {sku}" + (f", {_money(unit_price, currency)}" if unit_price is not None else "")
    elif name in ("permissions", "issue") and isinstance(value, Sequence):
        yield from (words.scope(Scope(one)) if one in set(Scope) else _permission(str(one)) for one in value)
    elif name in ("grant", "revoke"):
        yield words.role(str(value))
    else:
        yield _plain(value)


def _permission(name: str) -> str:
    return words.permission(Permission(name)) if name in set(Permission) else name


def _money(amount: int, currency: str) -> str:
    return str(Money(amount=amount, currency=currency))


def _price(amount: int | None, currency: str) -> str:
    return str(_("no price")) if amount is None else _money(amount, currency)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(_("yes")) if value else str(_("no"))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_plain(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        inner = isinstance(value[0], list | tuple) if value else False
        return ("; " if inner else " ").join(_plain(part) for part in value)
    return str(value)
