"""What a customer agrees to by pressing the button, should the shop fail: that what he wanted is kept for a while."""

from __future__ import annotations

import msgspec
from django.utils.translation import gettext as _

from evertill.journeys.read_preference import submission_keep_days

# Another wording gets another version; a test holds the two together.
VERSION = "2026-11"


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """The words that stood beside the button, which version of them, and the days that they speak of."""

    version: str
    text: str
    days: int


def current() -> Consent:
    """This function will return what is shown now, in the visitor's language."""
    days = submission_keep_days()
    text = _(
        "Should placing the order fail through our fault, you agree that we keep what you entered here for up to"
        " %(days)s days, so that we can finish the order for you or tell you about it. Then it is deleted."
    ) % {"days": days}
    return Consent(version=VERSION, text=text, days=days)
