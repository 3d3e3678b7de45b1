"""Failures in the words of whoever works here: what happened, what is safe, and what to do now."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Objection
from evertill.entry.desk import rooms
from evertill.entry.desk.rooms import Words
from evertill.entry.desk.words import NOTHING
from evertill.entry.pages import failures
from evertill.entry.pages.troubles import Trouble
from evertill.journeys.refuse_factor import WRONG
from evertill.journeys.refuse_visitor import NEITHER
from evertill.kernel.errors import EvertillError

_COMMON: Mapping[str, Words] = {
    "FORBIDDEN": (
        _("You may not do this."),
        _("Nothing was changed. That it was tried is on record."),
        _("Ask somebody who may, or an administrator for the role that it needs."),
    ),
    "APPROVAL_REQUIRED": (
        _("Another person has to approve this first."),
        NOTHING,
        _("Ask for the approval below. Once it is given, do this again."),
    ),
    "APPROVAL_NOT_OPEN": (
        _("This request has ended: it was decided, used, taken back, or it waited too long."),
        NOTHING,
        _("Look at the list of approvals again."),
    ),
    "TOO_MANY_ASKED": (
        _("You have asked for as many approvals as one person may have waiting."),
        NOTHING,
        _("Have some of them decided, or take them back."),
    ),
    "CHANGED_MEANWHILE": (
        _("Somebody else has changed this since you opened it."),
        _("What the other person changed stands, and yours was not applied."),
        _("Look at what is new, and do yours again if it still fits."),
    ),
    "ORDER_NOT_FOUND": (
        _("There is no order with this number."),
        NOTHING,
        _("Check the number: it has 13 letters and digits."),
    ),
    "UNDONE_ALREADY": (
        _("This change has been taken back already."),
        NOTHING,
        _("The newest change in the history says how it stands."),
    ),
    "INVALID_MONEY": (_("This is no amount."), NOTHING, _("Write it like 12.50.")),
    "INVALID_REFERENCE": (
        _("This is no reference."),
        NOTHING,
        _("Copy it from the bank's statement, or give the number of the receipt."),
    ),
    "REFERENCE_USED": (
        _("This reference was used before."),
        _("What was booked under it stands."),
        _("Compare with the bank's statement: each movement of money has a reference of its own."),
    ),
    "NOT_BY_HAND": (
        _("The provider says itself how its payments and refunds stand."),
        NOTHING,
        _("It is asked by itself, again and again."),
    ),
    "BACKUP_NO_TARGET": (
        _("This shop has no place for backups."),
        _("The shop goes on as it was."),
        _("Ask whoever runs the machine to set EVERTILL_BACKUP_TARGET."),
    ),
    "FILE_TOO_LARGE": (
        _("The file is larger than this page takes."),
        NOTHING,
        _("Send it in several parts, or as Excel, which packs it."),
    ),
    "FILE_UNUSABLE": (
        _("A column is missing, or stands in the heading twice."),
        NOTHING,
        _("Keep the heading as it was saved here."),
    ),
    "COLUMN_UNKNOWN": (
        _("A column means nothing here; most often it is misspelt."),
        NOTHING,
        _("Keep the heading as it was saved here."),
    ),
    "TABLE_EMPTY": (
        _("There is no table, or only its heading."),
        NOTHING,
        _("Choose a file, or paste a table with its heading."),
    ),
    "TABLE_TOO_LARGE": (
        _("The table has more rows, columns or bytes than one may have."),
        NOTHING,
        _("Send it in several parts, and keep other things than the table out of the file."),
    ),
    "ENCODING_UNKNOWN": (
        _("The letters of this text file cannot be told for sure."),
        NOTHING,
        _("Save it as an Excel workbook, or as “CSV UTF-8”."),
    ),
    "NOT_A_WORKBOOK": (
        _("This is neither an Excel workbook (.xlsx) nor a CSV file."),
        NOTHING,
        _("Save it as one of these in your spreadsheet, and send that."),
    ),
    "WORKBOOK_PROTECTED": (
        _("The file is protected by a password, or was saved for Excel 97 to 2003."),
        NOTHING,
        _("Take its password away, save it as an Excel workbook (.xlsx), and send that."),
    ),
    "WORKBOOK_BROKEN": (
        _("The file is damaged, ends too early, or claims to be far larger than it is."),
        NOTHING,
        _("Open it in your spreadsheet, save it anew, and send that."),
    ),
    "WORKBOOK_ERRORS": (
        _("A cell holds an error such as #N/A instead of a value."),
        NOTHING,
        _("Correct the cell in your spreadsheet, save it, and send that."),
    ),
    "NOTHING_TO_DO": (
        _("The table says what the shop has already."),
        NOTHING,
        _("Change the table, save it, and send it again."),
    ),
    "TOO_MANY_ITEMS": (
        _("More is to change than may change at once."),
        NOTHING,
        _("Send the table in several parts."),
    ),
    "TOO_MANY_BULKS": (
        _("You have many operations open that run or wait to begin."),
        NOTHING,
        _("Wait until some have ended, or leave those that you do not want."),
    ),
    "TOO_MANY_ROWS": (
        _("The list has more rows than one file may have."),
        _("Nothing was saved."),
        _("Narrow the list, and save it in parts."),
    ),
    "DATABASE_BUSY": (
        _("The shop is busy with the same thing at this moment."),
        NOTHING,
        _("Do it again in a few seconds."),
    ),
}

_OBJECTIONS: Mapping[str, Promise | str] = {
    Objection.NOT_ALLOWED.name: _("This needs a permission that none of your roles has."),
    Objection.NOT_HELD.name: _("Nobody gives, takes or approves what he does not hold himself."),
    Objection.SELF.name: _("Nobody decides about himself."),
    Objection.TOGETHER.name: _(
        "These roles do not go together: one asks for what the other approves, or one only looks on."
    ),
    Objection.HELD.name: _("The account has this role already."),
    Objection.NOT_GIVEN.name: _("The account does not have this role."),
    Objection.LAST_OWNER.name: _("A shop has at least one owner."),
    Objection.NOT_GIVABLE.name: _("Everybody has this by himself, or it is an owner's alone."),
    Objection.NAME_TAKEN.name: _("The shop has a role of this name that comes with it."),
}


# Why visitors, programs and those who prove themselves wrongly are refused (journeys/refuse_….py).
_REFUSED: Mapping[str, Promise | str] = {
    NEITHER: _("Neither its token nor its owner."),
    WRONG: _("What was to prove it was not right."),
}
_SCOPE = re.compile(r"This needs the scope ([a-z:]+)\.")


def objection(one: Objection | None) -> str:
    """This function will say why somebody may not do something; "" when he may."""
    return str(_OBJECTIONS[one.name]) if one else ""


def refusal(why: str) -> str:
    """This function will say why somebody was refused something, of which the audit trail has the English sentence."""
    for one in Objection:
        if why == one.value:
            return objection(one)
    if why in _REFUSED:
        return str(_REFUSED[why])
    named = _SCOPE.fullmatch(why)
    return str(_("This needs the scope %(scope)s.")) % {"scope": named[1]} if named else why


def sentence_of(code: str, *, room: str) -> Promise | str | None:
    """This function will say in one sentence what an error was that somebody else met; None for one without words.

    The words of the room come first that such things belong to, then those of every room, then those of any other.
    """
    known = rooms.rooms()
    first = [known[room].failures] if room in known else []
    for words in (*first, _COMMON, *(other.failures for other in known.values())):
        if code in words:
            return words[code][0]
    return None


def tell(error: EvertillError, *, known: Mapping[str, Words]) -> Trouble:
    """This function will say of an error what its reader should know; `known` are the words of the room he is in."""
    words = known.get(error.code) or _COMMON.get(error.code)
    if words is None:
        return failures.tell(error)
    what, kept, remedy = map(str, words)
    reason = _OBJECTIONS.get(error.facts.get("objection", ""))
    # Names that stand for themselves in every language: of columns, of cells.
    told = tuple(str(name)[:40] for name in error.facts.get("told", ()))
    return Trouble(what=what, kept=kept, remedy=remedy, code=error.code, items=(str(reason),) if reason else told)
