"""Why a line of codes cannot be used: what `fulfilment.rules` and `upload_codes` say, for whoever translates."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from evertill.journeys.upload_codes import Faulty

REASONS = (
    _("It has %(chars)s characters; %(most)s is the most."),
    _("It has a character that cannot be printed."),
    _("It has no code."),
    _("It is the same code as in line %(line)s."),
    _("This code (%(code)s) was uploaded before."),
)


def reason_of(fault: Faulty) -> str:
    """This function will say in the reader's language why a line cannot be used."""
    return gettext(fault.says) % fault.facts
