"""Logs: what operators and their tools read, and what must never stand in them."""

from __future__ import annotations

import json
import subprocess
import sys

_FAIL = """
import logging
from evertill.kernel import log

log.set_up(process="test")

def connect(password):
    raise ValueError("no such host")

try:
    connect("hunter2")
except ValueError:
    logging.getLogger("library").exception("it failed")
"""


class TestLog:
    def test_tells_where_it_failed_and_not_with_which_values(self, shop_env: dict[str, str]) -> None:
        ended = subprocess.run(
            [sys.executable, "-c", _FAIL], env=shop_env, check=True, capture_output=True, text=True, timeout=30
        )

        line = json.loads(ended.stderr)
        assert line["event"] == "it failed"
        assert line["process"] == "test"
        assert line["exception"][0]["exc_value"] == "no such host"
        assert line["exception"][0]["frames"][-1]["name"] == "connect"
        assert "hunter2" not in ended.stderr
