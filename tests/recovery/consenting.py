"""Two people at the desk of the shop that the environment names consent to a restore over it; prints the number."""

from __future__ import annotations

import datetime as dt
import sys

import django

django.setup()

from evertill.domains.access import Permission  # noqa: E402 — after the set-up, as Django wants it.
from evertill.domains.approvals import ApprovalRequired  # noqa: E402
from evertill.journeys import decide_approvals  # noqa: E402
from evertill.journeys.consent_restore import RestoreOver, ask_to_restore, consent_to_restore  # noqa: E402
from evertill.kernel import clock, ids  # noqa: E402
from tests.desk.clerks import clerk  # noqa: E402


def consent(*, at: dt.datetime | None, line: str) -> str:
    """Ask, approve, and consent; each who has to proves anew that it is he."""
    asking, approving = clerk("administrator"), clerk("owner")
    asked = RestoreOver(at=at, line=line, why="somebody deleted what he should not have")
    asking.prove(Permission.BACKUPS_RESTORE, f"copies:{line}")
    approval = ask_to_restore(asker=asking.asker, asked=asked, now=clock.now())
    asking.prove(Permission.BACKUPS_RESTORE, f"copies:{line}")
    try:
        consent_to_restore(asker=asking.asker, asked=asked, now=clock.now())
    except ApprovalRequired:
        pass
    else:
        raise AssertionError
    decide_approvals.decide(
        asker=approving.asker, approval_id=approval.id, is_approved=True, why="it is so", now=clock.now()
    )
    return ids.to_number(consent_to_restore(asker=asking.asker, asked=asked, now=clock.now()).id)


if __name__ == "__main__":
    moment, line = sys.argv[1:]
    print(consent(at=None if moment == "latest" else dt.datetime.fromisoformat(moment), line=line))
