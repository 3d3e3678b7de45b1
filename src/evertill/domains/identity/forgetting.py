"""What identity forgets: by and by what is over, and at once all of an account that is deleted."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from evertill.domains.identity import models
from evertill.kernel import config

# What is over is kept for a while for those who look into what happened.
_DAY, _MONTH, _YEAR = dt.timedelta(days=1), dt.timedelta(days=30), dt.timedelta(days=366)


def remove_old(*, now: dt.datetime, limit: int) -> int:
    """This function will remove up to `limit` rows that are over from each table, and return the most of any table."""
    unseen = now - dt.timedelta(days=config.get().browser_keep_days)
    # A year, because a count that is forgotten lets the guessing begin anew; cleared ones are worth nothing.
    guesses = Q(last_at__lt=now - _YEAR) | Q(last_at__lt=now - _MONTH, failures=0)
    granted = Exists(models.Grant.objects.filter(session=OuterRef("pk")))
    return max(
        _remove(models.Code.objects.filter(expires_at__lt=now - _DAY), "expires_at", limit=limit),
        _remove(models.Allowance.objects.filter(window_at__lt=now - 2 * _DAY), "window_at", limit=limit),
        _remove(models.Challenge.objects.filter(expires_at__lt=now - _DAY), "expires_at", limit=limit),
        _remove(models.Attempt.objects.filter(ends_at__lt=now - _DAY), "ends_at", limit=limit),
        _remove(models.Grant.objects.filter(expires_at__lt=now - _DAY), "expires_at", limit=limit),
        _remove(models.Session.objects.filter(~granted, ends_at__lt=now - _MONTH), "ends_at", limit=limit),
        _remove(models.Guesses.objects.filter(guesses), "last_at", limit=limit),
        _remove(models.Browser.objects.filter(last_at__lt=unseen), "last_at", limit=limit),
        _remove(models.Recovery.objects.filter(ends_at__lt=now - _YEAR), "ends_at", limit=limit),
    )


def forget_account(*, account_id: int) -> None:
    """This function will remove all that identity keeps of an account; the caller holds a transaction.

    Failed guesses stay: they are counted under hashes of what was typed, and protect whoever gets the address next.
    """
    models.Session.objects.filter(account_id=account_id).delete()
    for table in (
        models.Attempt,
        models.Browser,
        models.Passkey,
        models.PasskeyHolder,
        models.Recovery,
        models.RecoveryCode,
        models.Totp,
    ):
        table._default_manager.filter(account_id=account_id).delete()


def _remove(old: QuerySet[Any], order: str, *, limit: int) -> int:
    # In one order, and past those that somebody holds.
    chosen = old.order_by(order, "pk").select_for_update(skip_locked=True).values("pk")[:limit]
    gone, _each = old.model._default_manager.filter(pk__in=chosen).delete()
    return int(gone)
