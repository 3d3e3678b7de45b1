"""Django's settings for the type checker, which loads them to learn the models and never opens the database."""

from __future__ import annotations

import os

from tests.server import environment

for _name, _value in environment("postgresql://nobody@127.0.0.1:1/nothing").items():
    os.environ.setdefault(_name, _value)

from evertill.entry.site.settings import *  # noqa: E402 — only now can they be read.
