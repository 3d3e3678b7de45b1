"""Moments as pages write them."""

from __future__ import annotations

import datetime as dt

from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString


def moment(at: dt.datetime) -> SafeString:
    """This function will write a moment so that a script can say it in the visitor's own hour.

    Without one nobody knows the visitor's clock, so the hour says whose it is.
    """
    return format_html(
        '<time datetime="{}">{}</time>', at.astimezone(dt.UTC).isoformat(timespec="seconds"), write_moment(at)
    )


def write_moment(at: dt.datetime) -> str:
    """This function will write a moment; without a script nobody knows the visitor's clock, so it is UTC."""
    return f"{formats.date_format(at.astimezone(dt.UTC), 'DATETIME_FORMAT', use_l10n=True)} UTC"


def write_hour(at: dt.datetime) -> str:
    """This function will write the hour of a moment of today."""
    return f"{formats.time_format(at.astimezone(dt.UTC), 'TIME_FORMAT', use_l10n=True)} UTC"
