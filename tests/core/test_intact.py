"""What scenarios rely on: a replacement is noticed by its name, and nothing else is."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from mechgrade.worker import table as tables
from mechgrade.worker.exercise import Exercise, Misused
from mechgrade.worker.intact import Intact, frozen
from mechgrade.worker.table import table_of


@pytest.fixture(autouse=True, scope="module")
def torch_itself() -> None:
    """The module itself, for monkeypatch; and not before a test runs, because it takes seconds to import."""
    global torch
    import torch


class Bench:
    device = "cpu"

    def draw(self) -> int:
        return 4


#: Forks for each text that it reads, runs the text there, and says what was printed: to import torch for each takes two seconds.
FORKS = """
import json, math, os, sys, traceback, types, torch
from mechgrade.worker import intact
for line in sys.stdin:
    read, write = os.pipe()
    if os.fork() == 0:
        os.dup2(write, 1)
        try:
            exec(json.loads(line), {"__name__": "__main__"})
        except BaseException:
            print(traceback.format_exc())
        sys.stdout.flush()
        os._exit(0)
    os.close(write)
    with open(read) as said:
        text = said.read()
    os.wait()
    print(json.dumps(text), flush=True)
"""


@pytest.fixture(scope="module")
def forked() -> Iterator[Callable[[str], str]]:
    """What a text prints in a process of its own, in which nobody has looked yet."""
    command = [sys.executable, "-c", FORKS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None

        def run(text: str) -> str:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(text) + "\n")
            process.stdin.flush()
            return str(json.loads(process.stdout.readline())).strip()

        yield run
        process.stdin.close()


@pytest.fixture
def intact() -> tuple[Intact, types.ModuleType, Bench]:
    grader = types.ModuleType("grader.test_it")
    exec("def on_it(exercise, bench): return 1\nSIZES = [1]\ncount = 0", grader.__dict__)
    bench = Bench()
    return Intact(grader, bench), grader, bench


def test_each_replacement_is_named(intact: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    look, grader, bench = intact
    assert look.changed() == ""
    for owner, name, found in (
        (torch, "equal", "torch.equal"),
        (torch.Tensor, "__eq__", "Tensor.__eq__"),
        (torch.nn.functional, "softmax", "torch.nn.functional.softmax"),
        (np, "allclose", "numpy.allclose"),
        (grader, "on_it", "the grader.on_it"),
        (Bench, "draw", "Bench.draw"),
        (bench, "draw", "bench.draw"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, lambda *args: True)
            assert look.changed().endswith(found.rpartition(".")[2]) and look.changed() != ""
        if owner is bench:
            vars(bench).pop("draw", None)
        assert look.changed() == "", name


def test_other_code_in_the_same_function_is_noticed(intact: Any) -> None:
    look, grader, _ = intact
    grader.on_it.__code__ = (lambda exercise, bench: 2).__code__
    assert look.changed() == "the grader.on_it"


def test_what_a_program_may_do_is_no_replacement(intact: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    look, grader, bench = intact
    monkeypatch.setattr("builtins.print", lambda *args: None)
    grader.count, grader.SIZES = 1, [2]
    bench.cache = {}
    torch.set_default_dtype(torch.float32)
    assert look.changed() == ""


#: What learners call, and torch answers by putting something of its own in another's place.
ORDINARY = (
    "p = torch.nn.Parameter(torch.ones(2)); p.sum().backward(); torch.optim.SGD([p]).step()",
    "torch.func.jvp(lambda x: 2 * x, (torch.ones(3),), (torch.ones(3),))",
    "torch.set_default_dtype(torch.float64)",
)


@pytest.mark.parametrize("line", ORDINARY)
def test_what_torch_does_to_itself_is_no_replacement(forked: Callable[[str], str], line: str) -> None:
    """In a process of its own: what torch puts in place stays there."""
    code = f"import types, torch\nfrom mechgrade.worker.intact import Intact\nlook = Intact(types.ModuleType('g'), object())\n{line}\nprint(look.changed())"
    assert forked(code) == ""


def test_it_is_noticed_before_the_scenario_goes_on(intact: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    look, *_ = intact
    module = types.ModuleType("learner")
    exec("import torch\ndef f(): torch.equal = lambda *args: True\ndef g(): return 1", module.__dict__)
    monkeypatch.setattr(torch, "equal", torch.equal)  # it is put back
    exercise = Exercise(module, look)
    assert exercise.g() == 1
    with pytest.raises(Misused, match=r"replaced `torch\.equal`"):
        exercise.f()


def test_classes_of_the_learners_own_are_gone() -> None:
    class Lying(torch.Tensor):
        @classmethod
        def __torch_function__(cls, *args: Any, **kwargs: Any) -> Any:
            return True

    class Text(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    class Array(np.ndarray):
        pass

    lying = torch.ones(2).as_subclass(Lying)
    found = frozen({Text("a"): [lying, Text("x")], "b": (np.ones(1).view(Array),)}, torch)
    assert [type(key) for key in found] == [str, str]
    assert type(found["a"][0]) is torch.Tensor and found["a"][1] != "y"
    assert type(found["b"][0]) is np.ndarray
    assert type(frozen(OrderedDict(a=1), torch)) is dict


def test_the_parts_of_a_tuple_keep_their_names_and_nothing_else_is_kept() -> None:
    class Head(NamedTuple):
        layer: int
        scores: Any

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

        @property
        def mean(self) -> float:
            return 1.0

    class Below(Head):
        __slots__ = ()

    for kind in (Head, Below):
        head = frozen([kind(2, np.ones(3))], torch)[0]
        assert (head.layer, head[0], head.scores.sum()) == (2, 2, 3) and isinstance(head, tuple)
        assert type(head).__name__ == "tuple" and head != (1, 1) and not hasattr(head, "mean")
    q, r = frozen(np.linalg.qr(np.eye(2)), torch)
    assert frozen(np.linalg.qr(np.eye(2)), torch).Q.tolist() == q.tolist() and r.shape == (2, 2)
    assert frozen(torch.ones(2, 3).max(dim=1), torch).indices.shape == (2,)


@pytest.mark.parametrize(
    "names", ["ab", ("a",), ("a", "a"), ("a", "class"), ("a", "_b"), ("a", 1), ("a", "b", "c"), None]
)
def test_names_that_are_none_are_let_go(names: Any) -> None:
    kind = type("Odd", (tuple,), {"_fields": names})
    assert type(frozen(kind((1, 2)), torch)) is tuple


def test_what_is_plain_stays_the_same_object() -> None:
    weight = torch.ones(2, requires_grad=True) * 2
    for value in (
        {"a": [weight, None, 1.5]},
        (weight, "x"),
        [True, 3],
        torch.nn.Parameter(weight.detach()),
        len,
        2 + 0j,
    ):
        assert frozen(value, torch) is value
    assert weight.grad_fn is not None


FORKED = """
import types, math, torch
from mechgrade.worker import intact
from mechgrade.worker.intact import Intact
class Bench:
    def draw(self): return 4
bench, grader = Bench(), types.ModuleType("g")
exec("def on_it(): return 1", grader.__dict__)
intact.prepare(bench)
{before}
look = Intact(grader, bench)
intact.hear_of_code()
assert look.changed() == "", look.changed()
{line}
print(look.changed())
"""


@pytest.mark.parametrize(
    ("before", "line", "named"),
    [
        ("", "torch.equal = lambda *args: True", "torch.equal"),
        ("", "torch.functional.norm.__code__ = (lambda *args: 1).__code__", "torch.norm"),
        ("", "grader.on_it.__code__ = (lambda: 2).__code__", "the grader.on_it"),
        ("", "Bench.draw = lambda self: 5", "Bench.draw"),
        ("", "torch.Tensor.__eq__ = lambda *args: True", "Tensor.__eq__"),
        ("", "del math.sqrt", "math.sqrt"),
        # What changed between the look and the fork is what is there.
        ("torch.equal = lambda *args: True", "", ""),
        ("torch.equal = lambda *args: True", "torch.equal = None", "torch.equal"),
        # Others' functions, and what is no function, may be what they like.
        ("def own(): pass", "own.__code__ = (lambda: 3).__code__; torch.own = 1; math.more = 2", ""),
        # A second look at a namespace that something else has changed in.
        ("", "torch.own = 1; assert look.changed() == ''; torch.equal = None", "torch.equal"),
    ],
)
def test_a_look_before_the_fork_sees_the_same(forked: Callable[[str], str], before: str, line: str, named: str) -> None:
    """As a learner's process has it: what was loaded before was looked at before, and is seen by its tables alone."""
    assert forked(FORKED.format(before=before, line=line)) == named


def test_a_table_tells_every_change_of_a_dict() -> None:
    names: dict[Any, Any] = {str(number): object() for number in range(50)}
    assert table_of(names) is not None, "this interpreter's dicts are not known: the look takes longer"

    def is_seen(change: Any) -> bool:
        table = table_of(names)
        assert table is not None and table.is_same()
        change()
        return not table.is_same()

    assert is_seen(lambda: names.update({"7": object()}))
    assert is_seen(lambda: names.update({"new": object()}))
    assert is_seen(lambda: names.pop("8"))
    assert is_seen(lambda: names.update({"8": object()}))
    assert is_seen(lambda: names.update(dict.fromkeys(map(str, range(200)), 1)))
    assert not is_seen(lambda: names.update({"9": names["9"]}))
    assert not is_seen(lambda: [names[each] for each in names])
    assert table_of({}) is None


def test_where_tables_cannot_be_read_all_is_looked_at(intact: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another interpreter: slower, and the same."""
    monkeypatch.setattr(tables, "_KNOWN", False)
    assert table_of({"a": 1}) is None
    _, grader, bench = intact
    look = Intact(grader, bench)
    assert look.changed() == ""
    with monkeypatch.context() as patch:
        patch.setattr(torch, "equal", None)
        assert look.changed() == "torch.equal"
    assert look.changed() == ""
