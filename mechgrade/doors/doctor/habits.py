"""What a learner's files do that goes wrong later: random numbers without a seed."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from mechgrade.course.syntax import tree_of

#: Functions of torch (or of a tensor) that draw from the global generator unless they are given one.
DRAWS = frozenset(
    [
        *(
            "rand",
            "randn",
            "randint",
            "randperm",
            "rand_like",
            "randn_like",
            "randint_like",
            "multinomial",
            "bernoulli",
        ),
        *("normal", "poisson", "normal_", "uniform_", "bernoulli_", "random_", "exponential_"),
    ]
)
SEEDS = frozenset(["manual_seed", "manual_seed_all", "seed_everything", "set_seed"])
#: What NumPy's module of random numbers has that draws nothing, or draws from a seed that it is given.
NUMPY_SEEDED = frozenset(["seed", "get_state", "set_state", "Generator", "SeedSequence", "PCG64", "RandomState"])


@dataclass(frozen=True)
class Habit:
    """A place in a file."""

    path: Path
    line: int
    call: str


def unseeded(path: Path) -> list[Habit]:
    """Where a file draws random numbers from a generator that nothing in the file seeds."""
    tree = _parsed(path)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = [Habit(path, call.lineno, f"{ast.unparse(call.func)}()") for call in _unseeded_of_numpy(calls)]
    if any(_name(call) in SEEDS for call in calls):
        return found
    for call in calls:
        seeded = "generator" in {keyword.arg for keyword in call.keywords}
        if _name(call) in DRAWS and isinstance(call.func, ast.Attribute) and not seeded and _is_torchs(call.func):
            found.append(Habit(path, call.lineno, f"{ast.unparse(call.func)}()"))
    return found


def _unseeded_of_numpy(calls: list[ast.Call]) -> list[ast.Call]:
    """Calls of ``np.random``: of its global state where nothing seeds it, and generators that are given no seed."""
    of_numpy = [
        call
        for call in calls
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in ("np.random", "numpy.random")
    ]
    seeded = any(_name(call) == "seed" for call in of_numpy)
    return [
        call
        for call in of_numpy
        if (not call.args and not call.keywords if _name(call) == "default_rng" else not seeded)
        and _name(call) not in NUMPY_SEEDED
    ]


def _parsed(path: Path) -> ast.Module:
    try:
        return tree_of(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return ast.Module([], [])


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_torchs(function: ast.Attribute) -> bool:
    """Whether it is ``torch.randn``, ``torch.nn.init.normal_``, or a method that fills a tensor in place."""
    owner = function.value
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    return function.attr.endswith("_") or (isinstance(owner, ast.Name) and owner.id == "torch")
