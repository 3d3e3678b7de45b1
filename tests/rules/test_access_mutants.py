"""Every check in the rules of access is removed or turned round, one at a time; the rules' tests have to notice.

A mutant is the same source with one small change. It is loaded in the place of the rules in a process of its own, which
then runs their tests. One that they let pass shows a check that nobody tests.
"""

from __future__ import annotations

import ast
import copy
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.waiting import ROOT

_RULES = ROOT / "src" / "evertill" / "domains" / "access" / "rules.py"
_TESTS = ("tests/rules/test_access_rules.py",)
_CAUGHT_MIN = 0.95
_OF_A_SUITE = 20
_COMPARED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
}
# A boundary that is one off.
_NEARLY: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
_COMPUTED: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Sub: ast.BitOr,
    ast.BitOr: ast.Sub,
    ast.BitXor: ast.BitAnd,
    ast.BitAnd: ast.BitXor,
}
_CALLED = {"any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """What was changed, and the whole source with it."""

    line: int
    change: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a source: conditions removed and turned round, terms dropped, answers changed."""
    tree = ast.parse(source)
    # What a type checker reads says nothing when it runs.
    annotations = {id(part) for node in ast.walk(tree) for one in _annotations(node) for part in ast.walk(one)}
    for place, node in enumerate(ast.walk(tree)):
        if id(node) in annotations:
            continue
        for change, mutate in _changes(node):
            mutated = copy.deepcopy(tree)
            found = next(other for at, other in enumerate(ast.walk(mutated)) if at == place)
            mutate(found, mutated)
            yield Mutant(getattr(node, "lineno", 0), change, ast.unparse(ast.fix_missing_locations(mutated)))


def _annotations(node: ast.AST) -> Iterator[ast.AST]:
    for name in ("annotation", "returns"):
        if (found := getattr(node, name, None)) is not None:
            yield found


Mutate = Callable[[Any, ast.AST], None]


def _changes(node: ast.AST) -> Iterator[tuple[str, Mutate]]:
    yield from _of_branches(node)
    yield from _of_conditions(node)
    yield from _of_collections(node)


def _of_branches(node: ast.AST) -> Iterator[tuple[str, Mutate]]:
    if isinstance(node, ast.If):
        yield "an `if` that is never entered", _set("test", ast.Constant(value=False))
        yield "an `if` that is always entered", _set("test", ast.Constant(value=True))
    if isinstance(node, ast.IfExp):
        yield "always the first of two", _set("test", ast.Constant(value=True))
        yield "always the second of two", _set("test", ast.Constant(value=False))
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant):
        yield "another answer", _set("value", ast.Constant(value=not node.value.value))


def _of_conditions(node: ast.AST) -> Iterator[tuple[str, Mutate]]:
    if isinstance(node, ast.Compare):
        yield "a comparison turned round", _set_all("ops", [_COMPARED[type(one)]() for one in node.ops])
        if type(node.ops[0]) in _NEARLY:
            yield "a boundary moved by one", _set_all("ops", [_NEARLY[type(node.ops[0])]()])
    if isinstance(node, ast.BoolOp):
        yield "and for or", _set("op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for place in range(len(node.values)):
            yield f"without term {place + 1}", _drop("values", place)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "without not", _becomes_its("operand")


def _of_collections(node: ast.AST) -> Iterator[tuple[str, Mutate]]:
    if isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED:
        yield "another set", _set("op", _COMPUTED[type(node.op)]())
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLED:
        yield "any for all", _set("func", ast.Name(_CALLED[node.func.id], ast.Load()))
    if isinstance(node, ast.comprehension):
        for place in range(len(node.ifs)):
            yield "a filter removed", _drop("ifs", place)


def _set(name: str, value: ast.AST) -> Mutate:
    return lambda node, _tree: setattr(node, name, copy.deepcopy(value))


def _set_all(name: str, values: Sequence[ast.AST]) -> Mutate:
    return lambda node, _tree: setattr(node, name, [copy.deepcopy(one) for one in values])


def _drop(name: str, place: int) -> Mutate:
    def mutate(node: ast.AST, tree: ast.AST) -> None:
        values = getattr(node, name)
        del values[place]
        if isinstance(node, ast.BoolOp) and len(values) == 1:
            _replace(node, values[0], tree)

    return mutate


def _becomes_its(name: str) -> Mutate:
    return lambda node, tree: _replace(node, getattr(node, name), tree)


def _replace(node: ast.AST, by: ast.AST, tree: ast.AST) -> None:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, field, by)
            elif isinstance(value, list) and node in value:
                value[value.index(node)] = by


# Collects the tests once, then forks for each mutant: a fork that has the mutant in the place of the rules runs the
# tests until one fails, and ends with 1 if one did.
_RUN = """
import os, sys
import pytest
from _pytest.runner import runtestprotocol
from evertill.domains.access import rules

def ends_well(session, source):
    exec(compile(source, rules.__file__, "exec"), rules.__dict__)
    for item in session.items:
        if any(report.failed for report in runtestprotocol(item, log=False)):
            return False
    return True

class Each:
    def pytest_runtestloop(self, session):
        for _ in range(int(sys.stdin.readline())):
            source = sys.stdin.read(int(sys.stdin.readline()))
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    code = 0 if ends_well(session, source) else 1
                finally:
                    os._exit(code)
            answers.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        return True

answers = []
words = ["-q", "--noconftest", "-p", "no:cacheprovider", "-p", "no:django", "-n", "0", "-s"]
assert pytest.main([*words, *sys.argv[1:]], plugins=[Each()]) in (0, 5)
print("ANSWERS", *answers)
"""


def run(sources: list[str], tests: tuple[str, ...]) -> list[int]:
    """How the tests end with each source in the place of the rules: 0 when all pass."""
    told = f"{len(sources)}\n" + "".join(f"{len(source)}\n{source}" for source in sources)
    ended = subprocess.run(
        [sys.executable, "-c", _RUN, *tests],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        input=told,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return [int(word) for word in ended.stdout.splitlines()[-1].split()[1:]]


class TestMutants:
    def test_are_noticed_by_the_rules_own_tests(self, pytestconfig: pytest.Config) -> None:
        every = list(mutants(_RULES.read_text(encoding="utf-8")))
        # All of them take a minute: `make drill ARGS="-k test_access_mutants"` makes each.
        made = every if pytestconfig.getoption("drill") else every[:: len(every) // _OF_A_SUITE]
        untouched, *ends = run([_RULES.read_text(encoding="utf-8"), *(one.source for one in made)], _TESTS)

        survived = [f"line {one.line}: {one.change}" for one, end in zip(made, ends, strict=True) if end == 0]
        caught = 1 - len(survived) / len(made)
        print(f"{len(made)} mutants, {len(made) - len(survived)} caught ({caught:.1%})", *survived, sep="\n")
        assert untouched == 0
        assert len(every) >= 80
        assert caught >= _CAUGHT_MIN, survived

    def test_would_be_missed_by_tests_that_look_at_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
        made = next(mutants(_RULES.read_text(encoding="utf-8")))

        assert run([made.source], (str(tmp_path / "test_nothing.py"),)) == [0]

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("if a:\n    b()", {"if False:\n    b()", "if True:\n    b()"}),
            ("a < 1", {"a >= 1", "a <= 1"}),
            ("a and b", {"a or b", "a", "b"}),
            ("not a", {"a"}),
            ("any((x for x in y if x))", {"all((x for x in y if x))", "any((x for x in y))"}),
        ],
    )
    def test_are_what_they_say(self, source: str, expected: set[str]) -> None:
        assert {one.source for one in mutants(source)} == expected
