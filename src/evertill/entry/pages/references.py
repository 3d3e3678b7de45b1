"""References: what a customer tells support, and by which support finds in the log what failed."""

from __future__ import annotations

import structlog

from evertill.kernel import clock, ids

_log = structlog.get_logger("evertill.pages")


def new() -> int:
    """This function will return a new reference; its number says in which minute it was given."""
    (value,) = ids.new_ids(1, now=clock.now())
    return value


def note(what: str, *, error: BaseException | None = None, reference: int | None = None, **facts: object) -> str:
    """This function will log a failure of the shop's own under a reference, and return its number for the page.

    An `error` is told whole: nobody foresaw it. Facts hold no address and no token.
    """
    number = ids.to_number(new() if reference is None else reference)
    if error is None:
        _log.warning(what, reference=number, **facts)
    else:
        _log.error(what, reference=number, exc_info=error, **facts)
    return number
