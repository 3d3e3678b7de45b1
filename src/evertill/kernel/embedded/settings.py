"""PostgreSQL's settings: ours are rewritten at every start, the operator's are never touched."""

from __future__ import annotations

from pathlib import Path

from evertill.kernel.files import write_whole

OURS = "evertill.conf"

# Added once to the end of postgresql.conf. The operator's file comes last, so it wins.
INCLUDES = f"""
# Evertill's settings, rewritten at every start; put yours in custom.conf, which comes after and wins.
include '{OURS}'
include_if_exists 'custom.conf'
"""

# Written once. Nobody is trusted for being on this machine: every connection states a password.
ACCESS = """\
# type  database     user      address       method
host    all          all       127.0.0.1/32  scram-sha-256
host    replication  postgres  127.0.0.1/32  scram-sha-256
"""

_SETTINGS = """\
# Written by evertill at every start. Put your own settings in custom.conf beside this file.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
cluster_name = 'evertill'
max_connections = 100
password_encryption = 'scram-sha-256'

# An answer of "placed" means: on the disk.
fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = replica
# What has changed since when, so that an incremental backup reads no more than that.
summarize_wal = on

# Sized for a small machine; few, spread-out checkpoints, because each makes the next writes dearer.
shared_buffers = '128MB'
huge_pages = off
max_wal_size = '4GB'
checkpoint_timeout = '15min'
checkpoint_completion_target = 0.9
# Statements here are short, so compiling one costs more than it saves.
jit = off

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'

# One file for each day of the week, overwritten when the day comes round.
logging_collector = on
log_directory = '{log}'
log_filename = 'postgres-%a.log'
log_rotation_age = '1d'
log_rotation_size = 0
log_truncate_on_rotation = on
log_file_mode = 0640
log_line_prefix = '%m [%p] %q%u@%d '
"""


# Where ALTER SYSTEM writes.
_ALTERED = "postgresql.auto.conf"


def forget_standby(data: Path, *, owner: tuple[int, int] | None) -> None:
    """This function will have a stopped cluster wait for no standby: who waits for one says so once it is there.

    Otherwise a shop whose backups were switched off would wait for ever.
    """
    path = data / _ALTERED
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("synchronous_standby_names = '\"evertill_")]
    if kept != lines:
        write_whole(path=path, text="".join(kept), mode=0o600, owner=owner)


def write_settings(*, data: Path, port: int, log: Path, owner: tuple[int, int] | None) -> None:
    """This function will write this release's settings into the cluster folder `data`.

    `log` is the folder for the server's log, `owner` the (uid, gid) the server runs as.
    """
    text = _SETTINGS.format(port=port, log=str(log).replace("'", "''"))
    write_whole(path=data / OURS, text=text, mode=0o600, owner=owner)
