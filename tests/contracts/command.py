"""Commands of `evertill`, each in a process of its own, without the second that a new one takes to import everything.

They are born in the nursery. Commands that begin at the very beginning are run by test_cli.py, test_up.py and, for the
first pages, test_docs.py.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests import nursery


def run(
    env: Mapping[str, str], *words: str | Path, stdin: str = "", seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    """This function will run a command, as `subprocess.run(["evertill", *words], env=env, …)` would."""
    with tempfile.TemporaryFile("w+") as asked, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
        asked.write(stdin)
        asked.seek(0)
        process = nursery.begin("evertill", *words, env=env, stdin=asked, stdout=said, stderr=told)
        try:
            code = process.wait(timeout=seconds)
        finally:
            process.kill()
            process.wait()
        texts = []
        for file in (said, told):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(["evertill", *map(str, words)], code, *texts)
