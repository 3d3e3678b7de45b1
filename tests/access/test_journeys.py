"""Every journey that staff can reach names its permission: read from the source, so that none is forgotten.

What an entry calls with an `asker` comes to `permitted`, `looking` or `check_permitted`, by itself or through another
journey. What a view of the desk calls takes an asker, or the session of him whose own things it is about; or it reads
what is nobody's, such as products.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from tests.kernel.waiting import ROOT

_CODE = ROOT / "src" / "evertill"
_PACKAGE = "evertill.journeys"
_CHECKS = frozenset({"permitted", "looking", "check_permitted", "enter_desk"})
# What people's things are in: a journey that reads from these for the desk says who asks.
_PEOPLES = (
    *("access", "accounts", "approvals", "balances", "claims", "disputes"),
    *("identity", "messages", "orders", "payments", "submissions", "trail"),
)
# What is decided by a rule of its own.
OTHERWISE = {
    ("decide_approvals", "decide"): "the permission depends on what was asked for: `access.objection_to_approve`",
    ("decide_approvals", "withdraw"): "one's own alone",
    ("decide_approvals", "list_asked"): "one's own alone",
    ("decide_approvals", "look_at"): "shown to who asked, and to whom `access.objection_to_approve` lets decide",
    ("decide_approvals", "list_waiting"): "shows those alone that he may decide about",
    ("proved_anew", "proved_anew"): "looks at a proof, for a journey that has checked",
    ("make_bulk", "leave_to_look"): "is such a rule itself",
    ("view_bulk", "list_bulks"): "shows those alone that `leave_to_look` lets him see",
    ("view_bulk", "view_bulk"): "the permission depends on the operation: `leave_to_look`",
    ("view_bulk", "list_items"): "the permission depends on the operation: `leave_to_look`",
}
# What views of the desk call that shows nothing but what everybody may see, or what the caller has read already.
OPEN = {
    "find_staff": "tells the number of a colleague whose address is known, for a journey that checks",
    "name_colleagues": "tells the names of colleagues beside what they did, which another journey has let be seen",
}


@dataclass(frozen=True)
class Function:
    """A function of a journey's file: what it takes, and the names of what it calls."""

    takes: frozenset[str]
    calls: frozenset[str]


@dataclass
class File:
    """What a file defines, and what it has from journeys, by the name that it has here."""

    functions: dict[str, Function] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)


@cache
def read(path: Path) -> File:
    found = File()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_PACKAGE):
            module = (node.module or "").removeprefix(_PACKAGE).lstrip(".")
            for alias in node.names:
                # `from evertill.journeys import manage_roles` names a file, all else a thing in one.
                what = (module, alias.name) if module else (alias.name, "")
                found.imported[alias.asname or alias.name] = what
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.args, *node.args.kwonlyargs]
            found.functions[node.name] = Function(
                takes=frozenset(argument.arg for argument in arguments),
                calls=frozenset(_called(node)),
            )
    return found


def _called(node: ast.AST) -> Iterator[str]:
    """The names in a function, with a dot where a thing of a file is named: called, or handed on to be called."""
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            yield f"{one.value.id}.{one.attr}"
        elif isinstance(one, ast.Name):
            yield one.id


def journey_file(module: str) -> Path:
    return _CODE / "journeys" / f"{module}.py"


def comes_to_a_check(module: str, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> bool:
    """Whether a function of a journey's file calls one of the checks, itself or through what it calls."""
    if (module, name) in seen or not journey_file(module).exists():
        return False
    file = read(journey_file(module))
    function = file.functions.get(name)
    if function is None:
        return False
    for call in function.calls:
        before, _, after = call.rpartition(".")
        if not before and call in file.functions:
            target = (module, call)
        elif call in file.imported and not before:
            target = file.imported[call]
        elif before in file.imported and not file.imported[before][1]:
            target = (file.imported[before][0], after)
        else:
            continue
        if target[1] in _CHECKS or comes_to_a_check(*target, seen=seen | {(module, name)}):
            return True
    return False


def touches_people(module: str, name: str, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a function without an asker reads people's things or writes anything, itself or in its own file."""
    file = read(journey_file(module))
    for call in file.functions[name].calls:
        before, _, _after = call.rpartition(".")
        if before in _PEOPLES or call == "db.write":
            return True
        if call in file.functions and call not in seen and touches_people(module, call, seen | {name}):
            return True
    return False


def _takes(module: str, name: str) -> frozenset[str]:
    return read(journey_file(module)).functions[name].takes


def journeys_with_askers() -> list[tuple[str, str]]:
    return sorted(
        (module, name)
        for module, name in called_by("")
        if "asker" in _takes(module, name) and module != "permitted" and (module, name) not in OTHERWISE
    )


def called_by(entry: str) -> set[tuple[str, str]]:
    """What files of an entry, or of all, have from journeys, and call."""
    found = set()
    for path in (_CODE / "entry" / entry).rglob("*.py"):
        file = read(path)
        calls = {call for function in file.functions.values() for call in function.calls}
        for call in calls:
            before, _, after = call.rpartition(".")
            if not before and call in file.imported and file.imported[call][1]:
                found.add(file.imported[call])
            elif before in file.imported and not file.imported[before][1]:
                found.add((file.imported[before][0], after))
    return {(module, name) for module, name in found if name in read(journey_file(module)).functions}


class TestJourneys:
    @pytest.mark.parametrize(("module", "name"), journeys_with_askers())
    def test_of_somebody_who_asks_name_a_permission(self, module: str, name: str) -> None:
        assert comes_to_a_check(module, name), f"{module}.{name} takes an asker and never checks what he may."

    def test_that_the_desk_calls_say_who_asks(self) -> None:
        called = called_by("desk")

        unchecked = sorted(
            f"{module}.{name}"
            for module, name in called
            if name not in OPEN
            and (module, name) not in OTHERWISE
            and not comes_to_a_check(module, name)
            and "session" not in _takes(module, name)
            and touches_people(module, name)
        )
        assert not unchecked, ", ".join(unchecked)
        assert called


class TestReading:
    def test_finds_what_checks_and_what_does_not(self) -> None:
        assert comes_to_a_check("manage_roles", "grant_role")
        assert comes_to_a_check("refund_as_staff", "refund_as_staff")
        assert not comes_to_a_check("refund_order", "refund_order")
        assert not comes_to_a_check("read_trail", "_stream")
        assert touches_people("read_trail", "_stream")
        assert touches_people("view_order", "view_order")
        assert not touches_people("browse_products", "list_products")
