"""Hires people, in a process of its own beside a running shop: an account with an app, its roles, and a session.

Django cannot be used beside a browser. `python -m tests.browser.hire FOLDER` reads `MAIL ROLE…` line by line, and
answers each with what the browser of this person needs.
"""

from __future__ import annotations

import json
import sys
from base64 import b32decode
from pathlib import Path


def main(folder: str) -> None:
    from evertill.entry.cli.common import open_shop

    open_shop(Path(folder))
    for line in sys.stdin:
        _hire(*line.split())


def _hire(mail: str, *roles: str) -> None:
    from evertill.domains import identity
    from evertill.domains.identity.rules import hotp
    from evertill.kernel import clock, db
    from tests.desk.clerks import signed_in

    hired = signed_in(mail=mail, name=mail.partition("@")[0].capitalize(), staff=True, roles=roles)
    now = clock.now()
    with db.write():
        secret = identity.totp.begin(account_id=hired.account_id, now=now)
        # A step behind, so that what the app shows next counts.
        code = hotp(b32decode(secret), int(now.timestamp()) // 30 - 1)
        assert identity.totp.confirm(account_id=hired.account_id, code=code, now=now)
    session = hired.browser.cookies["session"].value
    print(json.dumps({"account_id": hired.account_id, "session": session, "app": secret}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
