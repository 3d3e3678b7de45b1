"""What journeys said, in the language of whoever reads it at the desk: made anew from its code and values.

English is told as it was said, which says most. A sentence that was kept without a code is told as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from evertill.domains.orders import State
from evertill.entry.desk import failures
from evertill.entry.desk.words import ORDER_STATES
from evertill.kernel.said import Said, unpack_all

_DAMAGED = _("Something of the backup is missing or damaged, so it cannot be restored.")
_NO_ROOM = _("The disk has no room for a copy of the shop beside it.")
_NO_KEY = _("The key that opens the backups is missing here, or is another one.")

_OF_RECOVERY: Mapping[str, Promise | str] = {
    "SEAL_MOVED": _("Seal %(seal)s is gone, or is not the one that was noted."),
    "BACKUP_LOG_GAP": _(
        "The database no longer had all of its log; a full backup begins anew. Moments in between are lost."
    ),
    "BACKUP_TARGET_UNAVAILABLE": _("The target does not answer."),
    "BACKUP_TARGET_REFUSES": _("The target refuses what is sent to it."),
    "BACKUP_TARGET_FULL": _("The target has no room left."),
    "BACKUP_OBJECT_MISSING": _DAMAGED,
    "BACKUP_ARRIVED_WRONG": _("What was sent arrived at the target otherwise than it was sent."),
    "BACKUP_DAMAGED": _DAMAGED,
    "BACKUP_LINK_MISSING": _DAMAGED,
    "WAL_MISSING": _DAMAGED,
    "BACKUP_KEY_UNREADABLE": _NO_KEY,
    "BACKUP_KEY_WRONG": _NO_KEY,
    "BACKUP_COPY_FAILED": _("PostgreSQL could not copy the database."),
    "PG_PROGRAM_FAILED": _("A program of PostgreSQL failed."),
    "BACKUP_FILES_TOO_LARGE": _("The data folder holds more files of the shop than a backup takes."),
    "BACKUP_DISK_FULL": _("The backup could not be kept here until it is sent; the disk may be full."),
    "BACKUP_LOG_LATE": _("The log of this backup did not come to the target in time."),
    "BACKUP_CUT_OFF": _("It was cut off."),
    "COPIES_DAMAGED": _("%(count)s of %(objects)s objects are not as they were sent, among them %(first)s."),
    "KEY_SHOWN": _("The key of the backups was last shown outside this machine on %(day)s."),
    "KEY_NEVER_SHOWN": _("The key of the backups was never shown outside this machine."),
    "RESTORED_BY": _("By %(who)s: %(why)s"),
    "RESTORE_FAILED": _("PostgreSQL could not bring the restored shop to that moment."),
    "RESTORE_DISK_TOO_SMALL": _NO_ROOM,
    "BACKUP_FORMAT_NEWER": _("The backup was made by a newer release of the shop."),
    "DRILL_FAILED": _("The restored shop is not sound, or its log did not come in time."),
    "DRILL_NO_COPY": _("There is no copy of a moment of which there has to be one."),
    "DRILL_DISK": _("The machine could not read or write a file."),
    "DRILL_RESTORED": _("Restored from %(backup)s and the log up to %(moment)s"),
    "DRILL_RESTORED_BACKUP": _("Restored from %(backup)s"),
    "DRILL_JOURNAL": _("What was noted at the target of its journal is read"),
    "DRILL_FILES": _("Every file is as PostgreSQL listed it"),
    "DRILL_COVERAGE": _("The incremental backup holds every block that the log says was changed"),
    "DRILL_INDEXES": _("Every index and table is sound by pg_amcheck"),
    "DRILL_PAGES": _("Every page fits its checksum"),
    "DRILL_ORDER": _("It took the order %(number)s"),
    "DRILL_BOOKS": _("Its books are sound"),
    "DRILL_SAME": _("It has the same %(count)s orders of before %(moment)s as the shop"),
    "RECORDS_GONE": _("These records are gone or were replaced: %(records)s."),
    "ANCHOR_UNREADABLE": _("The file that says where the audit trail stood cannot be read."),
    "TRAIL_FINDINGS": _("%(count)s things are wrong, the first at record %(record)s."),
}
_OF_MONEY: Mapping[str, Promise | str] = {
    "REFUND_REFUSED": _("The provider refused %(amount)s of order %(order)s, payment %(payment)s."),
    "DISPUTE_DUE": _("%(amount)s of payment %(payment)s for order %(order)s; evidence is due on %(due)s."),
    "DISPUTE_NOT_DUE": _(
        "%(amount)s of payment %(payment)s for order %(order)s; the provider tells no day for evidence."
    ),
    "DISPUTE_DUE_PART": _(
        "%(amount)s of payment %(payment)s for order %(order)s; evidence is due on %(due)s. %(back)s of it was given"
        " back already."
    ),
    "DISPUTE_NOT_DUE_PART": _(
        "%(amount)s of payment %(payment)s for order %(order)s; the provider tells no day for evidence. %(back)s of it"
        " was given back already."
    ),
    "DISPUTE_LOST": _("%(amount)s for order %(order)s"),
    "DISPUTE_UNCLEAR": _("What the provider tells now does not go with what it told before."),
    "BILL_UNAVAILABLE": _("The provider does not give its bill."),
    "PROVIDER_UNAVAILABLE": _("The provider does not answer, or answers something strange."),
    "BY_HAND_UNEVEN": _(
        "The order was: %(state)s. Of its payment %(payment)s by %(provider)s, %(captured)s had come and %(gone)s had"
        " gone back. Look this payment up there: %(left)s is the customer's, or the goods are."
    ),
    "BY_HAND_REFUND": _(
        "A refund of %(amount)s (%(refund)s: %(reason)s) was under way, and the backup does not know whether"
        " %(provider)s sent it. Look it up there; if it was not sent, refund %(amount)s of this order."
    ),
    "BY_HAND_BALANCE_SHORT": _(
        "%(expected)s had been paid from the prepaid balance %(balance)s (payment %(payment)s), which has %(has)s now,"
        " so %(lacks)s is missing. The order waits to be paid: put %(lacks)s on a balance if that was lost too, and"
        " have it paid, or cancel it."
    ),
    "BY_HAND_BALANCE_SHORT_PART": _(
        "%(expected)s had been paid from the prepaid balance %(balance)s (payment %(payment)s), which has %(has)s now,"
        " so %(lacks)s is missing. Of it, %(gone)s had gone back to the balance. The order waits to be paid: put"
        " %(lacks)s on a balance if that was lost too, and have it paid, or cancel it."
    ),
    "BY_HAND_BALANCE_GONE": _(
        "%(expected)s had been paid from the prepaid balance %(balance)s (payment %(payment)s), which the shop does not"
        " have any more. The order waits to be paid: put %(lacks)s on a balance if that was lost too, and have it paid,"
        " or cancel it."
    ),
    "BY_HAND_BALANCE_GONE_PART": _(
        "%(expected)s had been paid from the prepaid balance %(balance)s (payment %(payment)s), which the shop does not"
        " have any more. Of it, %(gone)s had gone back to the balance. The order waits to be paid: put %(lacks)s on a"
        " balance if that was lost too, and have it paid, or cancel it."
    ),
}
_OF_REVIEWS: Mapping[str, Promise | str] = {
    "MONEY_LATE": _("Payment %(payment)s of %(amount)s: it came late, and bought the order."),
    "MONEY_UNDERPAID": _("Payment %(payment)s of %(amount)s: less than the price; it goes back."),
    "MONEY_WRONG_CURRENCY": _("Payment %(payment)s of %(amount)s: another currency; it goes back."),
    "MONEY_PAID_TWICE": _("Payment %(payment)s of %(amount)s: the order was paid already; it goes back."),
    "MONEY_UNDELIVERABLE": _(
        "Payment %(payment)s of %(amount)s: the order had ended and its goods are gone; it goes back."
    ),
    "SEEN_DISPUTE_OPENED": _("Dispute %(dispute)s about %(amount)s."),
    "SEEN_DISPUTE_LOST": _("The shop lost the dispute %(dispute)s about %(amount)s."),
    "DISPUTE_IS_WON": _("The dispute %(dispute)s is won."),
    "DISPUTE_IS_LOST": _("The dispute %(dispute)s is lost."),
}
_OF_MESSAGES: Mapping[str, Promise | str] = {
    "SUBMISSION_LATEST": _("The last one is %(number)s: %(code)s."),
    "SUBMISSION_MEANWHILE": _("One failed meanwhile."),
    "MESSAGES_WAIT": _("Messages wait since %(since)s."),
    "MESSAGES_TOO_OLD": _("%(count)s messages waited for more than %(hours)s hours and were given up."),
    "NO_WORDS": _("The shop has no words for this message."),
    "SENDER_UNAVAILABLE": _("Whoever sends the messages cannot be used."),
    "SENDING_UNCLEAR": _("It is not known whether the message was sent."),
    "LETTER_POSTPONED": _("The message was not taken, again and again."),
    "LETTER_REFUSED": _("The message was refused for good."),
    "INTERNAL": _("The shop failed at this; its log says how."),
}
_DIFFERENCES: Mapping[str, Promise | str] = {
    "MISSING_HERE": _("Missing in the books: %(count)s."),
    "MISSING_THERE": _("Missing in the bill: %(count)s."),
    "AMOUNT_DIFFERS": _("Of another amount: %(count)s."),
    "CURRENCY_DIFFERS": _("In another currency: %(count)s."),
    "DUPLICATED": _("More than once in the bill: %(count)s."),
}
_SENTENCES = {**_OF_RECOVERY, **_OF_MONEY, **_OF_REVIEWS, **_OF_MESSAGES}
_ANY = _("The shop could not do this; its log says more, under %(code)s.")


def tell(said: Said | str) -> str:
    """This function will say in the reader's language what a journey said."""
    if isinstance(said, str) or not said.code or get_language() == "en":
        return str(said)
    if said.code == "DIFFERENCES":
        return " ".join(str(_DIFFERENCES.get(kind, kind)) % {"count": count} for kind, count in said.values.items())
    sentence = _SENTENCES.get(said.code) or failures.sentence_of(said.code, room="")
    if sentence is None:
        return str(_ANY) % {"code": said.code}
    try:
        return str(sentence) % _in_words(said.values)
    except (KeyError, ValueError):
        # Another release put other things into it.
        return said.text


def tell_all(text: str, told: str) -> str:
    """This function will say a kept text in which each sentence of the shop's is told, and people's stays theirs.

    `told` are the shop's, as `kernel.said` packs them.
    """
    for said in unpack_all(told):
        text = text.replace(str(said), tell(said), 1)
    return text


def tell_line(said: Said | str) -> str:
    """This function will say a line of a certificate, with the mark that it begins with."""
    told = tell(said)
    return told if told == str(said) else f"{str(said)[:1]} {told}"


def _in_words(values: Mapping[str, str]) -> dict[str, str]:
    """What is put into a sentence, with the state of an order as people call it."""
    state = values.get("state", "")
    return {**values, "state": str(ORDER_STATES[State(state)][0])} if state in set(State) else dict(values)
