"""The one shape in which a failure leaves a journey."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

# What kind of failure it is, for whoever has to answer with a status of his own protocol.
Status = Literal[
    "malformed",
    "unauthenticated",
    "forbidden",
    "not_found",
    "not_allowed",
    "conflict",
    "busy",
    "too_large",
    "wrong_media",
    "invalid",
    "internal",
    "unavailable",
]


class EvertillError(Exception):
    """Base of every failure that a caller may see.

    A subclass is defined beside the operation that raises it. `code` is stable and part of the API; `kept` says what
    is safe, `remedy` what to do now. Both are full sentences in plain words.
    """

    code: ClassVar[str] = "ERROR"
    status: ClassVar[Status] = "invalid"
    kept: ClassVar[str] = "Nothing was changed."
    remedy: ClassVar[str] = "Correct the request and send it again."

    def __init__(self, detail: str, **facts: Any) -> None:  # noqa: ANN401 — whatever the answer is to show.
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class ConfigError(EvertillError):
    """A setting is missing or cannot be used."""

    code = "CONFIG"
    remedy = "Correct the setting and start again."
