"""As whom PostgreSQL runs. It refuses to run as root, so root lends it an account that owns nothing else."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evertill.kernel.errors import EvertillError
from evertill.kernel.supervise import become

_NAME = "evertill"


class AccountMissing(EvertillError):
    """There is no account under which PostgreSQL could run."""

    code = "ACCOUNT_MISSING"
    status = "unavailable"
    remedy = f"Create the system account '{_NAME}' once, or run evertill as an ordinary user, or set DATABASE_URL."


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int

    @property
    def user(self) -> tuple[int, int] | None:
        """What to become, or None when this process is that user already."""
        return None if self.uid == os.geteuid() else (self.uid, self.gid)

    def can(self, path: Path, wanted: int) -> bool:
        """This function will say whether the account has the access `wanted` (os.R_OK …) to `path`, way there included.

        The kernel is asked in a forked child that has become the account, because only the kernel knows every rule.
        """
        if self.user is None:
            return os.access(path, wanted)
        pid = os.fork()
        if pid == 0:
            try:
                become(self.user)
                os._exit(0 if os.access(path, wanted) else 1)
            finally:
                os._exit(2)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status) == 0


def account_for(data: Path) -> Account:
    """This function will return the account for the PostgreSQL whose files are, or will be, in `data`.

    An ordinary user runs it himself. Root runs it as the owner of the files, or for new ones as the system account
    `evertill`, created when missing.

    Raises AccountMissing when the account cannot be created.
    """
    if os.geteuid() != 0:
        return _account(os.geteuid(), os.getegid())
    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        return _account(owner.st_uid, owner.st_gid)
    try:
        return _named()
    except KeyError:
        return _created()


def _account(uid: int, gid: int) -> Account:
    name = str(uid)
    # A container may give us a number without a name.
    with suppress(KeyError):
        name = pwd.getpwuid(uid).pw_name
    return Account(name=name, uid=uid, gid=gid)


def _named() -> Account:
    entry = pwd.getpwnam(_NAME)
    return Account(name=_NAME, uid=entry.pw_uid, gid=entry.pw_gid)


def _created() -> Account:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise AccountMissing(
            f"PostgreSQL does not run as root, and this machine has no useradd to create '{_NAME}' with."
        )
    words = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    made = subprocess.run([*words, "--shell", "/usr/sbin/nologin", _NAME], check=False, capture_output=True, text=True)
    # Another shop's first start may have created it in the same moment, so the account itself is what counts.
    try:
        return _named()
    except KeyError:
        said = made.stderr.strip() or f"exit code {made.returncode}"
        raise AccountMissing(f"PostgreSQL does not run as root, and creating '{_NAME}' failed: {said}.") from None
