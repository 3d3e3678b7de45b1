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


def evidence_of(finding: Finding) -> list[dict[str, object]]:
    """This function will say what each clue says of a finding."""
    return [
        {"clue": CLUES[one.clue], "match": _MATCHES[one.match], "points": one.points, "kept": one.kept}
        for one in finding.evidence
    ]
