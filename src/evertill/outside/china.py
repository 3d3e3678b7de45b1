"""What Alipay and WeChat Pay share on the mainland: its currency, and its clock, which knows no summer."""

from __future__ import annotations

import datetime as dt

CURRENCY = "CNY"
CHINA = dt.timezone(dt.timedelta(hours=8))
_CHARS = len("2026-11-22 23:59:59")


def moment(text: str) -> dt.datetime:
    """This function will read a moment of China's clock, written as 2026-11-22 23:59:59; raises ValueError."""
    found = dt.datetime.fromisoformat(text)
    if len(text) != _CHARS or found.tzinfo is not None:
        raise ValueError(text)
    return found.replace(tzinfo=CHINA)


def written(at: dt.datetime) -> str:
    """This function will write a moment as China's clock shows it."""
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
