"""A folder on a machine that is reached by SSH as the target of backups."""

from __future__ import annotations

import errno
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import SplitResult, unquote

import paramiko
from paramiko.sftp import CMD_EXTENDED

from evertill.domains import recovery
from evertill.domains.recovery import Stored
from evertill.kernel.errors import ConfigError, EvertillError
from evertill.kernel.settings import variable
from evertill.outside.walking import HALF, Entry, walk

# In the data folder; without them, those of the user in ~/.ssh.
KEY = Path("backups") / "sftp-key"
KNOWN_HOSTS = Path("backups") / "known_hosts"
_PORT = 22
_REFUSED = {errno.EACCES, errno.EPERM}


class SftpTarget:
    """A folder there, which exists. The machine must be known by its key before it is spoken to."""

    def __init__(self, address: SplitResult, *, folder: Path, timeout_s: float) -> None:
        """This function will read an address; raises ConfigError."""
        try:
            port = address.port or _PORT
        except ValueError:
            port = 0
        if not address.hostname or not address.username or address.password or not port:
            raise ConfigError(f"{variable('backup_target')} takes sftp://user@host:22/folder, without a password.")
        self._host, self._port, self._user = address.hostname, port, unquote(address.username)
        self._root = PurePosixPath(unquote(address.path) or "/")
        self._folder, self._timeout_s = folder, timeout_s
        self._client: paramiko.SSHClient | None = None
        self._session: Any = None
        # Folders that were seen or made.
        self._folders: set[str] = set()

    @property
    def place(self) -> str:
        """Where it is."""
        return f"sftp://{self._user}@{self._host}:{self._port}{self._root}"

    def put(self, key: str, data: bytes) -> None:
        """This function will write beside, bring to the disk, rename, and read again."""
        path = self._root / key
        half = path.with_name(f"{HALF}{secrets.token_hex(8)}")
        try:
            sftp = self._connected()
            self._make_parents(sftp, key)
            try:
                with sftp.open(str(half), "wb") as file:
                    file.set_pipelined(True)
                    file.write(data)
                    file.set_pipelined(False)
                    _bring_to_disk(sftp, file)
                sftp.posix_rename(str(half), str(path))
            except OSError:
                with suppress(OSError):
                    sftp.remove(str(half))
                raise
            arrived = self._read_file(sftp, path)
        except _ERRORS as error:
            raise self._trouble(error) from error
        if arrived != data:
            raise recovery.targets.ArrivedWrong(f"{key} came back from {self.place} with other bytes.")

    def get(self, key: str) -> bytes:
        """This function will read a file."""
        try:
            return self._read_file(self._connected(), self._root / key)
        except FileNotFoundError:
            raise recovery.targets.ObjectMissing(f"{key} is not in {self.place}.", key=key) from None
        except _ERRORS as error:
            raise self._trouble(error) from error

    def list(self, prefix: str, *, after: str = "") -> Iterator[Stored]:
        """This function will walk the folder in the order of keys."""
        try:
            self._connected().stat(str(self._root))
            yield from walk(self._read, prefix=prefix, after=after)
        except _ERRORS as error:
            raise self._trouble(error) from error

    def delete(self, key: str) -> bool:
        """This function will remove a file, and folders that became empty."""
        try:
            sftp = self._connected()
            with suppress(FileNotFoundError):
                sftp.remove(str(self._root / key))
        except OSError as error:
            if error.errno in _REFUSED:
                return False
            raise self._trouble(error) from error
        except _ERRORS as error:
            raise self._trouble(error) from error
        with suppress(*_ERRORS):
            for parent in list(PurePosixPath(key).parents)[:-2]:
                sftp.rmdir(str(self._root / parent))
                self._folders.discard(str(parent))
        return True

    def close(self) -> None:
        """This function will end the connection."""
        if self._client is not None:
            self._client.close()
        self._client = self._session = None

    def _connected(self) -> paramiko.SFTPClient:
        if self._session is not None:
            return self._session
        client = paramiko.SSHClient()
        own_key, own_hosts = self._folder / KEY, self._folder / KNOWN_HOSTS
        if own_hosts.exists():
            client.load_host_keys(str(own_hosts))
        else:
            client.load_system_host_keys()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(
            self._host,
            port=self._port,
            username=self._user,
            key_filename=str(own_key) if own_key.exists() else None,
            look_for_keys=not own_key.exists(),
            allow_agent=not own_key.exists(),
            timeout=self._timeout_s,
            banner_timeout=self._timeout_s,
            auth_timeout=self._timeout_s,
        )
        self._client = client
        self._session = client.open_sftp()
        self._session.get_channel().settimeout(self._timeout_s)
        return self._session

    def _read(self, folder: str) -> Iterator[Entry]:
        with suppress(FileNotFoundError):
            for one in self._connected().listdir_attr(str(self._root / folder)):
                yield Entry(name=one.filename, size=None if stat.S_ISDIR(one.st_mode) else one.st_size)

    def _read_file(self, sftp: Any, path: PurePosixPath) -> bytes:  # noqa: ANN401 — as above.
        with sftp.open(str(path), "rb") as file:
            size = file.stat().st_size or 0
            if size > recovery.targets.OBJECT_BYTES_MAX:
                raise recovery.targets.too_large(str(path.relative_to(self._root)))
            file.prefetch(size)
            data: bytes = file.read()
        return data

    def _make_parents(self, sftp: Any, key: str) -> None:  # noqa: ANN401 — as above.
        parents = [str(parent) for parent in reversed(PurePosixPath(key).parents)][1:]
        if len(parents) > 1 and parents[0] not in self._folders:
            # A mount point without its mount is a folder too, and would be filled instead.
            try:
                sftp.stat(str(self._root / parents[0]))
            except FileNotFoundError:
                raise recovery.TargetUnavailable(
                    f"{self.place} is not what it was; perhaps it is not mounted."
                ) from None
        for parent in parents:
            if parent not in self._folders:
                try:
                    sftp.stat(str(self._root / parent))
                except FileNotFoundError:
                    sftp.mkdir(str(self._root / parent))
                self._folders.add(parent)

    def _trouble(self, error: Exception) -> EvertillError:
        # The next call begins with a new connection, which is the one state that is known to be good.
        with suppress(Exception):
            self.close()
        self._folders.clear()
        if isinstance(error, paramiko.AuthenticationException | paramiko.BadHostKeyException):
            return recovery.TargetRefuses(f"{self.place}: {error}.")
        if isinstance(error, paramiko.SSHException) and "not found in known_hosts" in str(error):
            return recovery.TargetRefuses(f"{self.place} is not known by its key: {error}.")
        if isinstance(error, OSError) and error.errno in _REFUSED:
            return recovery.TargetRefuses(f"{self.place}: {error.strerror}.")
        if isinstance(error, FileNotFoundError):
            return self._gone()
        return recovery.TargetUnavailable(f"{self.place} cannot be used: {str(error) or type(error).__name__}.")

    def _gone(self) -> EvertillError:
        return recovery.TargetUnavailable(f"{self.place} is not there; perhaps it is not mounted.")


_ERRORS = (paramiko.SSHException, OSError, EOFError)


def _bring_to_disk(sftp: Any, file: Any) -> None:  # noqa: ANN401 — as above.
    """Have the server write through to its disk, where it can: OpenSSH does."""
    with suppress(OSError):
        sftp._request(CMD_EXTENDED, "fsync@openssh.com", file.handle)  # noqa: SLF001 — paramiko has no word for it.
