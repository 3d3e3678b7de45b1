"""Evertill: the till that never closes."""

__version__ = "0.1.0"
