"""`evertill up` starts Sandbox beside the shop, when asked to, on a port and in a folder of its own."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from evertill.entry.cli.shop_processes import Sandbox, Site, children
from evertill.entry.cli.sockets import Address
from evertill.entry.cli.up import sandbox_of
from evertill.kernel.supervise import Child


def _children(sandbox: Sandbox | None) -> list[Child]:
    with socket.socket() as listener:
        near = Address(host="127.0.0.1", port=1)
        return children(
            site=Site(), cluster=None, listener=listener, metrics=near, web=near, workers=1, demo=True, sandbox=sandbox
        )


class TestStart:
    def test_is_a_child_of_the_job_workers_stage(self) -> None:
        stages = {child.name: child.stage for child in _children(sandbox_of(Path("/data"), 8000))}

        assert stages["sandbox"] == stages["jobs"] < stages["web-1"]

    def test_is_left_out_unless_asked_for(self) -> None:
        assert "sandbox" not in {child.name for child in _children(None)}

    @pytest.mark.parametrize(("shop", "near"), [(8000, 9200), (64_335, 65_535), (65_000, 63_800)])
    def test_answers_beside_the_shop(self, shop: int, near: int) -> None:
        placed = sandbox_of(Path("/data"), shop)

        assert placed == Sandbox(address=Address(host="127.0.0.1", port=near), folder=Path("/data/sandbox"))
