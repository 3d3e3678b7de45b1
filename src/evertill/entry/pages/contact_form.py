"""How a customer says in a form where he is reached: by email, by telephone, or by both."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from evertill.entry.pages.visitor import visitor
from evertill.journeys.change_address import list_addresses
from evertill.kernel import config, contacts, db
from evertill.kernel.errors import EvertillError

_CHARS_MAX = 1_000


class ContactMissing(EvertillError):
    """Neither an email address nor a telephone number was put in."""

    code = "CONTACT_MISSING"


class EmailWrong(EvertillError):
    """What was put in is no email address."""

    code = "EMAIL_WRONG"


class PhoneWrong(EvertillError):
    """What was put in is no telephone number."""

    code = "PHONE_WRONG"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What stands in the form's fields."""

    email: str = ""
    phone: str = ""


def read(request: HttpRequest) -> Typed:
    """This function will return what was typed."""
    email, phone = (request.POST.get(name, "").strip()[:_CHARS_MAX] for name in ("email", "phone"))
    return Typed(email=email, phone=phone)


def understand(typed: Typed) -> Typed:
    """This function will return what was typed as an order keeps it; raises ContactMissing, EmailWrong, PhoneWrong."""
    if not typed.email and not typed.phone:
        raise ContactMissing("Neither was put in.")
    if typed.email and not contacts.is_email(typed.email):
        raise EmailWrong("This is no email address.")
    try:
        phone = contacts.read_phone(typed.phone, region=config.get().phone_region) if typed.phone else ""
    except contacts.InvalidPhone as error:
        raise PhoneWrong(str(error)) from None
    return Typed(email=typed.email, phone=phone)


def known(request: HttpRequest) -> Typed:
    """This function will return where who is signed in has proved to be reached: his email, or else his number."""
    session = visitor(request)
    if session is None:
        return Typed()
    by_kind = {address.kind.value: address.text for address in reversed(list_addresses(session=session))}
    if "EMAIL" in by_kind:
        return Typed(email=by_kind["EMAIL"])
    return Typed(phone=by_kind.get("PHONE", ""))


def account_of(request: HttpRequest) -> int | None:
    """This function will return whose account an order is; None for a guest, and while nobody can be asked.

    A guest's order becomes his at the next sign-in, so not knowing costs nothing, and an order more than waiting.
    """
    try:
        session = db.with_connection(lambda: visitor(request))
    except (db.DatabaseUnavailable, db.OutcomeUnknown):
        return None
    return session.account_id if session else None
