"""How the desk calls clues, and how well they fit."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.claims import Clue, Finding, Match

CLUES: Mapping[Clue, Promise] = {
    Clue.RECEIPT: _("Receipt"),
    Clue.NUMBER: _("Order number"),
    Clue.REFERENCE: _("Payment reference"),
    Clue.EMAIL: _("Email"),
    Clue.PHONE: _("Telephone"),
    Clue.AMOUNT: _("Amount"),
    Clue.DATE: _("Day"),
}
_MATCHES: Mapping[Match, tuple[Promise, str]] = {
    Match.EXACT: (_("fits"), "good"),
    Match.NEAR: (_("nearly fits"), "wait"),
    Match.PART: (_("fits in part"), "wait"),
    Match.AGAINST: (_("speaks against it"), "bad"),
}
_HAPPENED: Mapping[str, Promise] = {
    "claim.filed": _("Filed"),
    "claim.found": _("Something was found"),
    "claim.nothing": _("Nothing was found"),
    "claim.proved": _("The customer proved that something is his"),
    "claim.shown": _("Answered: the order is here"),
    "claim.rebuilt": _("Answered: the order was put back from its receipt"),
    "claim.recovered": _("Answered: the order was put back from a backup"),
    "claim.nothing_found": _("Answered: there is nothing"),
    "claim.withdrawn": _("Withdrawn"),
    "claim.compensated": _("Compensated"),
    "backups.found": _("The order was found in a backup"),
    "backups.nothing": _("No backup has anything that fits and the shop has not"),
    "backups.failed": _("The backups could not be searched"),
}
_DAMAGED = _("Something of the backup is missing or damaged, so it cannot be restored.")
_NO_ROOM = _("The disk has no room for a copy of the shop beside it.")
_NO_KEY = _("The key that opens the backups is missing here, or is another one.")
# Why a search of the backups could not be done; of the rest, the log of the machine says more.
FAILED: Mapping[str, Promise] = {
    "NOTHING_TO_RESTORE": _("There is no complete backup yet."),
    "SEARCH_NO_ROOM": _NO_ROOM,
    "RESTORE_DISK_TOO_SMALL": _NO_ROOM,
    "SEARCH_CUT_OFF": _("The search was cut off too often, and is not begun again."),
    "BACKUP_ARRIVED_WRONG": _DAMAGED,
    "BACKUP_DAMAGED": _DAMAGED,
    "BACKUP_LINK_MISSING": _DAMAGED,
    "BACKUP_OBJECT_MISSING": _DAMAGED,
    "WAL_MISSING": _DAMAGED,
    "RESTORE_BEYOND_COPIES": _("No copy reaches back, or forward, to that moment."),
    "BACKUP_FORMAT_NEWER": _("The backup was made by a newer release of the shop."),
    "BACKUP_KEY_UNREADABLE": _NO_KEY,
    "BACKUP_KEY_WRONG": _NO_KEY,
}
_FAILED = _("The copy could not be restored or looked into. Whoever runs the machine finds more in its log.")
_ACTORS: Mapping[str, Promise] = {"clock": _("The shop by itself")}


def happened(kind: str) -> Promise | str:
    """This function will say what happened to a claim; a word that only a newer release knows as it is."""
    return _HAPPENED.get(kind, kind)


def failed_search(code: str) -> Promise:
    """This function will say why the backups could not be searched."""
    return FAILED.get(code, _FAILED)


def who_did(actor: str, names: Mapping[str, str]) -> Promise | str:
    """This function will say who did it: by name where it is one of staff."""
    return _ACTORS.get(actor) or names.get(actor, actor)


def evidence_of(finding: Finding) -> list[dict[str, object]]:
    """This function will say what each clue says of a finding."""
    return [
        {"clue": CLUES[one.clue], "match": _MATCHES[one.match], "points": one.points, "kept": one.kept}
        for one in finding.evidence
    ]
