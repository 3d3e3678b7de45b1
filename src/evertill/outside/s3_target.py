"""A bucket as the target of backups: Amazon's, or of any server that speaks S3.

Where the bucket keeps versions, the first of each object counts, whatever was written over it or removed later: our
keys are never written twice with other bytes. So neither a thief's deleting nor his overwriting takes anything away.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs

import botocore.config
import botocore.exceptions
import botocore.session

from evertill.domains import recovery
from evertill.domains.recovery import Stored
from evertill.kernel import clock
from evertill.kernel.errors import ConfigError, EvertillError
from evertill.kernel.settings import variable

# In the form of Amazon's own tools; the environment and their usual places are looked at as well.
CREDENTIALS = Path("backups") / "s3-credentials"
_OPTIONS = {"endpoint", "region", "lock_days"}
_FULL = {"XMinioStorageFull", "QuotaExceeded", "ServiceQuotaExceededException", "InsufficientStorage"}
_MISSING = {"NoSuchKey", "404", "NotFound"}
_TRIES = 3
_LOCKED = {"AccessDenied", "ObjectLocked", "InvalidRequest"}
_SERVER_ERROR = 500


class S3Target:
    """A bucket, or what begins with a prefix in it."""

    def __init__(self, address: SplitResult, *, folder: Path, timeout_s: float) -> None:
        """This function will read an address; raises ConfigError."""
        options = {name: values[-1] for name, values in parse_qs(address.query).items()}
        if not address.netloc or set(options) - _OPTIONS or not options.get("lock_days", "0").isdigit():
            raise ConfigError(
                f"{variable('backup_target')} takes s3://bucket/prefix?endpoint=https://…&region=…&lock_days=30."
            )
        self._bucket = address.netloc
        self._prefix = f"{address.path.strip('/')}/".lstrip("/")
        self._lock = dt.timedelta(days=int(options.get("lock_days", "0")))
        session = botocore.session.get_session()
        if (folder / CREDENTIALS).exists():
            session.set_config_variable("credentials_file", str(folder / CREDENTIALS))
        self._client: Any = session.create_client(
            "s3",
            endpoint_url=options.get("endpoint"),
            region_name=options.get("region") or session.get_config_variable("region") or "us-east-1",
            config=botocore.config.Config(
                connect_timeout=timeout_s,
                read_timeout=timeout_s,
                retries={"total_max_attempts": _TRIES, "mode": "standard"},
                s3={"addressing_style": "path"} if "endpoint" in options else None,
            ),
        )
        self._has_versions: bool | None = None
        # Of what was listed: the version that counts.
        self._versions: dict[str, str] = {}

    @property
    def place(self) -> str:
        """Where it is."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def put(self, key: str, data: bytes) -> None:
        """This function will send an object with its SHA-256, which the server compares, and compare what it answers.

        Where days are set, nobody can remove it before they are over, the owner of the bucket included.
        """
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        lock: dict[str, Any] = {}
        if self._lock:
            lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": clock.now() + self._lock}
        answer = self._ask(
            "put_object", Key=self._prefix + key, Body=data, ChecksumAlgorithm="SHA256", ChecksumSHA256=digest, **lock
        )
        arrived = answer.get("ChecksumSHA256")
        if arrived is None:
            # A server that does not know this checksum: then what it stored is read again.
            arrived = base64.b64encode(hashlib.sha256(self.get(key)).digest()).decode()
        if arrived != digest:
            raise recovery.targets.ArrivedWrong(f"{key} came to {self.place} with other bytes.")

    def get(self, key: str) -> bytes:
        """This function will fetch an object as it was first stored."""
        version = self._version_of(key)
        which = {"VersionId": version} if version else {}
        answer = self._ask("get_object", Key=self._prefix + key, **which)
        if int(answer.get("ContentLength", 0)) > recovery.targets.OBJECT_BYTES_MAX:
            answer["Body"].close()
            raise recovery.targets.too_large(key)
        try:
            data: bytes = answer["Body"].read()
        except (botocore.exceptions.BotoCoreError, OSError) as error:
            raise self._trouble(error, key) from error
        return data

    def list(self, prefix: str, *, after: str = "") -> Iterator[Stored]:
        """This function will list the bucket."""
        if self._keeps_versions():
            yield from self._list_versions(prefix, after=after)
            return
        asked: dict[str, Any] = {"Prefix": self._prefix + prefix}
        if after:
            asked["StartAfter"] = self._prefix + after
        while True:
            answer = self._ask("list_objects_v2", **asked)
            for one in answer.get("Contents", ()):
                yield Stored(key=one["Key"][len(self._prefix) :], size=one["Size"])
            if not answer.get("IsTruncated"):
                return
            asked["ContinuationToken"] = answer["NextContinuationToken"]

    def delete(self, key: str) -> bool:
        """This function will remove an object with all its versions; what is locked stays."""
        try:
            if not self._keeps_versions():
                self._ask("delete_object", Key=self._prefix + key)
                return True
            answer = self._ask("list_object_versions", Prefix=self._prefix + key)
            for one in (*answer.get("Versions", ()), *answer.get("DeleteMarkers", ())):
                if one["Key"] == self._prefix + key:
                    self._ask("delete_object", Key=one["Key"], VersionId=one["VersionId"])
        except recovery.TargetRefuses:
            return False
        self._versions.pop(key, None)
        return True

    def close(self) -> None:
        """This function will end the connections that wait to be used again."""
        self._client.close()

    def _list_versions(self, prefix: str, *, after: str) -> Iterator[Stored]:
        asked: dict[str, Any] = {"Prefix": self._prefix + prefix}
        if after:
            asked["KeyMarker"] = self._prefix + after
        first: Stored | None = None
        while True:
            answer = self._ask("list_object_versions", **asked)
            # By key, and the versions of one key from the newest to the first.
            for one in answer.get("Versions", ()):
                key = one["Key"][len(self._prefix) :]
                if first is not None and first.key != key:
                    yield first
                if key > after:
                    first = Stored(key=key, size=one["Size"])
                    self._versions[key] = one["VersionId"]
            if not answer.get("IsTruncated"):
                break
            asked |= {"KeyMarker": answer["NextKeyMarker"], "VersionIdMarker": answer["NextVersionIdMarker"]}
        if first is not None:
            yield first

    def _version_of(self, key: str) -> str | None:
        if not self._keeps_versions():
            return None
        if key not in self._versions:
            for _ in self._list_versions(key, after=""):
                pass
        return self._versions.get(key)

    def _keeps_versions(self) -> bool:
        if self._has_versions is None:
            try:
                self._has_versions = self._ask("get_bucket_versioning").get("Status") is not None
            except recovery.TargetRefuses:
                # Who may not ask may still read and write.
                self._has_versions = False
        return self._has_versions

    def _ask(self, operation: str, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 — botocore's own parameters.
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(Bucket=self._bucket, **asked)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise self._trouble(error, str(asked.get("Key", ""))) from error
        return answer

    def _trouble(self, error: Exception, key: str) -> EvertillError:
        if isinstance(error, botocore.exceptions.ClientError):
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if code in _MISSING and key:
                return recovery.targets.ObjectMissing(f"{key} is not in {self.place}.", key=key)
            if code in _FULL:
                return recovery.targets.TargetFull(f"{self.place}: {code}.")
            if status < _SERVER_ERROR and code not in {"SlowDown", "RequestTimeout", "RequestTimeTooSkewed"}:
                return recovery.TargetRefuses(f"{self.place} answers {code or status}.")
            return recovery.TargetUnavailable(f"{self.place} answers {code or status}.")
        if isinstance(error, botocore.exceptions.NoCredentialsError):
            return recovery.TargetRefuses(f"There are no credentials for {self.place}.")
        return recovery.TargetUnavailable(f"{self.place} cannot be reached: {type(error).__name__}.")
