"""Errands: what is to be done once it was proved who does it, carried sealed through the page that asks for the proof.

Nothing secret is carried along: whoever types a password proves himself first and types it afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.core import signing
from django.http import HttpRequest, HttpResponse

from evertill.domains.identity import Session
from evertill.entry.pages.leading import see_other
from evertill.kernel.errors import EvertillError

_SALT = "evertill.step-up"
_OPEN_S = 900
# As much as a field of the desk may hold.
_FIELD_CHARS_MAX = 4000


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done once it was proved who does it: an operation on an object, and the form that does it."""

    session_id: int
    operation: str
    subject: str
    address: str
    fields: dict[str, list[str]]
    # A form that is sent, or a page that is opened.
    is_form: bool = True


def ask_first(
    request: HttpRequest,
    session: Session,
    error: EvertillError,
    *,
    carried: Sequence[str] = (),
    address: str = "",
    is_form: bool = True,
) -> HttpResponse:
    """This function will lead to the page that asks for a proof, and from there on to the same form again."""
    errand = Errand(
        session_id=session.id,
        operation=str(error.facts["operation"]),
        subject=str(error.facts["subject"]),
        address=address or request.path,
        fields={name: [text[:_FIELD_CHARS_MAX] for text in request.POST.getlist(name) or [""]] for name in carried},
        is_form=is_form,
    )
    return see_other("account:prove", errand=seal(errand))


def seal(errand: Errand) -> str:
    """This function will write an errand so that only this shop can have written it."""
    return signing.dumps(msgspec.to_builtins(errand), salt=_SALT, compress=True)


def unseal(text: str, *, session: Session) -> Errand | None:
    """This function will read a sealed errand; None for one that is old, of another session, or made up."""
    try:
        errand = msgspec.convert(signing.loads(text, salt=_SALT, max_age=_OPEN_S), Errand)
    except signing.BadSignature:
        return None
    return errand if errand.session_id == session.id else None
