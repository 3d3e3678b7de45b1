"""Send a backup that was copied whole: its objects, then the log that makes them whole, and last its manifest.

It may take as long as it likes, and goes on where it was after whatever cut it off.
"""

from __future__ import annotations

import time
from typing import ClassVar

import msgspec

from evertill.domains import recovery
from evertill.domains.recovery import Damaged, Manifest, Part
from evertill.journeys.backup_server import slot_of
from evertill.journeys.backup_work import BackupWork
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.replication import lsn_text

__all__ = ["LogMissing", "send_backup"]

# How long the log may take to follow once the files are there.
LOG_S = 120.0


class LogMissing(EvertillError):
    """The files are at the target, the log that makes them whole is not."""

    code = "BACKUP_LOG_LATE"
    status: ClassVar[Status] = "unavailable"
    kept = "What was copied is kept, and finished as soon as the log has come."
    remedy = "See that the process `archive` of `evertill up` runs; the next backup tries anew."


def _staged_bytes(work: BackupWork, part: Part) -> bytes:
    try:
        data = (work.place.staged / part.key).read_bytes()
    except FileNotFoundError:
        data = b""
    if not work.key.has_sealed(part.key, data):
        raise Damaged(f"{part.key} did not come to the disk here before the power went.", key=part.key)
    return data


def send_backup(work: BackupWork, manifest: Manifest) -> None:
    """This function will send what is staged, then wait for the log, then send the manifest.

    Raises Damaged where something staged never came to the disk, LogMissing, TargetUnavailable and TargetRefuses.
    """
    folder = recovery.rules.backup_folder(line=manifest.line, backup=manifest.id)
    there = {one.key: one.size for one in work.target.list(f"{folder}/")}
    done = sent = 0
    began = time.monotonic()
    for part in manifest.parts:
        if there.get(part.key) != part.size:
            work.target.put(part.key, _staged_bytes(work, part))
            sent += part.size
            # Disk and line are the shop's first.
            time.sleep(max(sent / (work.settings.backup_rate_kb_s << 10) - (time.monotonic() - began), 0.0))
        done += part.size
        work.report("Sending", done, manifest.stored_bytes)
    _wait_for_log(work, manifest)
    sealed = work.key.seal(f"{folder}/manifest", msgspec.json.encode(manifest))
    work.target.put(sealed.key, sealed.data)


def _wait_for_log(work: BackupWork, manifest: Manifest) -> None:
    deadline = time.monotonic() + LOG_S
    while True:
        position = recovery.queries.read_slot_position(slot=slot_of(work.line))
        if position is not None and position >= manifest.stop:
            return
        if time.monotonic() > deadline:
            raise LogMissing(f"The log up to {lsn_text(manifest.stop)} has not come to {work.target.place}.")
        work.report("Waiting for the log", 0, 0)
        time.sleep(0.05)
