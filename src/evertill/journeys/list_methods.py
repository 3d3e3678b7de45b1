"""List the methods of paying: what a customer may choose from, and what cannot be used at this moment."""

from __future__ import annotations

from collections.abc import Sequence

from evertill.domains import payments
from evertill.domains.payments import Method

__all__ = ["Method", "list_methods"]


def list_methods() -> Sequence[payments.Method]:
    """This function will return every method of this shop. It asks nobody: it tells how calling went lately."""
    return payments.read_methods()
