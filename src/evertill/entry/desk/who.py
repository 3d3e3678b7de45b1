"""Who it was: colleagues by their names, everybody and everything else by kind and number."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.journeys.name_people import name_colleagues, numbered
from evertill.kernel import ids

_KINDS: Mapping[str, Promise | str] = {
    "STAFF": _("Staff"),
    "CUSTOMER": _("Customer"),
    # As orders and payments name who buys.
    "customer": _("Customer"),
    "GUEST": _("Guest"),
    "TOKEN": _("API token"),
    "OPERATOR": _("Operator of the machine"),
    "CLOCK": _("The shop by itself"),
}


def known_as(names: Collection[str]) -> dict[str, str]:
    """This function will say who people are that records name, such as `STAFF:17` or `OPERATOR:root`; "" stays so."""
    colleagues = name_colleagues(names=names)
    return {name: _tell(name, colleagues.get(name, "")) for name in names}


def people_of(account_ids: Collection[int]) -> list[str]:
    """This function will say whose accounts these are: colleagues by their names, customers by kind and number."""
    colleagues = name_colleagues(names=[f"STAFF:{account_id}" for account_id in account_ids])
    return [
        _tell(f"STAFF:{account_id}", colleagues[f"STAFF:{account_id}"])
        if f"STAFF:{account_id}" in colleagues
        else f"{kind_of('CUSTOMER')} {ids.to_number(account_id)}"
        for account_id in account_ids
    ]


def kind_of(name: str) -> str:
    """This function will say what kind of person or thing acted."""
    return str(_KINDS.get(name, name))


def _tell(name: str, colleague: str) -> str:
    kind, _colon, number = name.partition(":")
    if colleague:
        # Nobody passes for the machine, or for the shop, by calling himself so.
        is_plain = not any(colleague.casefold().startswith(str(word).casefold()) for word in _KINDS.values())
        return colleague if is_plain else numbered(colleague, int(number))
    if kind not in _KINDS:
        return name
    if not number:
        return kind_of(kind)
    return f"{kind_of(kind)} {number}"
