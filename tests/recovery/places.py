"""Somewhere for backups to go: a folder, a bucket of a real S3 server process, a folder behind a real sshd."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError

import botocore.session

from evertill.domains.recovery import Target
from evertill.outside.open_target import open_target
from tests.contracts.test_up import free_port
from tests.kernel.waiting import until

CREDENTIALS = "[default]\naws_access_key_id = tester\naws_secret_access_key = tested\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A target by its address, and the folder in which its keys are."""

    address: str
    keys: Path
    # Where its objects can be looked at and be spoilt, when that is a folder.
    objects: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def open(self) -> Target:
        return open_target(self.address, folder=self.keys, timeout_s=60)


@contextmanager
def folder_in(home: Path) -> Iterator[Elsewhere]:
    (home / "copies").mkdir()
    yield Elsewhere(address=f"file://{home / 'copies'}", keys=home, objects=home / "copies")


@contextmanager
def s3_in(home: Path, *, bucket: str = "copies", locked: bool = False) -> Iterator[Elsewhere]:
    """moto's server, a process of its own, with a bucket; with `locked`, one that keeps versions and takes locks."""
    port = free_port()
    with (home / "moto.said").open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)],
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        (home / "backups").mkdir(exist_ok=True)
        (home / "backups" / "s3-credentials").write_text(CREDENTIALS, encoding="utf-8")
        until(lambda: _answers(port), seconds=240)
        with closing(s3_client(port)) as client:
            client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=locked)
        options = f"endpoint=http://127.0.0.1:{port}&region=us-east-1" + ("&lock_days=1" if locked else "")
        yield Elsewhere(address=f"s3://{bucket}/shop?{options}", keys=home)
    finally:
        process.terminate()
        process.wait(timeout=60)


def s3_client(port: int) -> botocore.session.Session:
    """A client of the owner's, who may do everything."""
    return botocore.session.get_session().create_client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="tester",
        aws_secret_access_key="tested",
    )


def _answers(port: int) -> bool:
    with suppress(URLError, OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=10):
        return True
    return False


@contextmanager
def sftp_in(home: Path, *, denied: str = "") -> Iterator[Elsewhere]:
    """An sshd of our own on loopback, with keys of its own; `denied` names what its sftp-server does not do."""
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert sshd, "sshd is missing; install it once: sudo apt install openssh-server"
    keygen = shutil.which("ssh-keygen")
    assert keygen
    (home / "copies").mkdir()
    (home / "backups").mkdir(exist_ok=True)
    for name in (home / "host-key", home / "backups" / "sftp-key"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", name], check=True)
    port = free_port()
    host = (home / "host-key.pub").read_text(encoding="utf-8").split()
    (home / "backups" / "known_hosts").write_text(f"[127.0.0.1]:{port} {host[0]} {host[1]}\n", encoding="utf-8")
    shutil.copy(home / "backups" / "sftp-key.pub", home / "authorized")
    denying = f" -P {denied}" if denied else ""
    (home / "sshd.conf").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {home / 'host-key'}\nPidFile {home / 'sshd.pid'}\n"
        f"AuthorizedKeysFile {home / 'authorized'}\nStrictModes no\nPasswordAuthentication no\nUsePAM no\n"
        f"PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp{denying}\n",
        encoding="utf-8",
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with (home / "sshd.said").open("w", encoding="utf-8") as said:
        process = subprocess.Popen([sshd, "-D", "-e", "-f", home / "sshd.conf"], stderr=said)
    user = pwd.getpwuid(os.geteuid()).pw_name
    elsewhere = Elsewhere(
        address=f"sftp://{user}@127.0.0.1:{port}{home / 'copies'}", keys=home, objects=home / "copies"
    )
    try:
        until(lambda: "listening" in (home / "sshd.said").read_text(encoding="utf-8"), seconds=60)
        yield elsewhere
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
