"""What ends a measurement: a figure that cannot be vouched for is not printed."""

from __future__ import annotations


class BenchError(Exception):
    """The bench cannot measure, or may not believe what it measured."""


class CountsDiffer(BenchError):
    """What was acknowledged is not what the database holds."""
