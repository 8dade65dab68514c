"""Where the words of a relation come from: annotations give axes their names, a scenario's text tells what a function returned."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mechgrade.grading.relations import claims
from mechgrade.grading.relations.axes import Annotations, Names, axes_of
from mechgrade.grading.relations.origins import Origin, Origins

# --- axes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "place", "ndim", "names"),
    [
        ('Float[Tensor, "layer head"]', (), 2, ("layer", "head")),
        ('Float[Tensor, "layer head"]', (), 3, None),
        ('Float[Tensor, " batch"]', (), 1, ("batch",)),
        ('Float[Tensor, ""]', (), 0, ()),
        ('Float[Tensor, "batch pos-1 half=2 3 _"]', (), 5, ("batch", "pos", "half", None, None)),
        ('Float[Tensor, "*batch d_sae"]', (), 1, ("d_sae",)),
        ('Float[Tensor, "*batch d_sae"]', (), 2, ("batch", "d_sae")),
        ('Float[Tensor, "*batch d_sae"]', (), 3, (None, None, "d_sae")),
        ('Float[Tensor, "batch ..."]', (), 3, ("batch", None, None)),
        ('Float[Tensor, "pos pos"]', (), 2, (None, None)),
        ('Float[Tensor, ""] | Float[Tensor, " batch"]', (), 1, ("batch",)),
        ('Float[Tensor, "row"] | Float[Tensor, "column"]', (), 1, None),
        ('tuple[list[str], Float[Tensor, "part batch"]]', (1,), 2, ("part", "batch")),
        ('tuple[list[str], Float[Tensor, "part batch"]]', (0,), 2, None),
        ('dict[str, float | Float[Tensor, " control"]]', ("any",), 1, ("control",)),
        ('list[dict[str, Float[Tensor, "row"]]]', (3, "key"), 1, ("row",)),
        ('Float[Tensor, "layer head"]', (0,), 1, None),
        ("Tensor", (), 2, None),
        ("dict[str, int]", ("a",), 0, None),
    ],
)
def test_an_annotation_names_axes(annotation: str, place: Sequence[str | int], ndim: int, names: Names | None) -> None:
    axes = axes_of(f"def scores(x) -> {annotation}: ...", "scores")
    assert axes is not None and axes.at(place, ndim) == names


def test_a_text_that_is_no_python_names_nothing() -> None:
    for source in ("def f(:", "", "\0", "def f(x): ...", "(" * 10_000):
        assert axes_of(source, "f") is None


def test_of_several_texts_the_first_that_annotates_a_function_counts() -> None:
    texts = ["def f(x): ...", 'def f(x) -> A[T, "row"]: ...', 'def f(x) -> A[T, "column"]: ...']
    axes = Annotations(*texts).axes_of("f")
    assert axes is not None and axes.at((), 1) == ("row",)
    assert Annotations('def f(x: A[T, "row column"], k): ...').names() == {"x", "k", "row", "column"}


# --- origins -------------------------------------------------------------------------------------------------------------

HELPERS = """
def measured(exercise, bench, batch):
    found = exercise.scores(bench.tokens(batch))
    return {"map": found, "hooks_left": bool(bench.open_hooks())}

def shown(figure):
    return {"title": figure.title, "figure": figure}
"""


def origin(body: str, *place: str | int) -> Origin | None:
    """Where a part of what a scenario gives comes from."""
    lines = "\n    ".join(body.split("\n"))
    return Origins(f"{HELPERS}\ndef scenario(exercise, bench, *, batch):\n    {lines}\n").of("scenario", place)


@pytest.mark.parametrize(
    ("body", "place", "found"),
    [
        ("return exercise.scores(batch)", (), Origin("scores")),
        ("return exercise.scores(batch)", ("Q",), Origin("scores", ("Q",))),
        ("x = exercise.scores(batch).detach()\nreturn x", (), Origin("scores")),
        ("return float(exercise.scores(batch))", (), Origin("scores")),
        ("return exercise.scores(batch)[:, 0]", (), None),
        ("return exercise.scores(batch) + 1", (), None),
        ("return bench.scores(batch)", (), None),
        ("return {'a': exercise.scores(batch), 'b': 1}", ("a",), Origin("scores")),
        ("return {'a': exercise.scores(batch), 'b': 1}", ("b",), None),
        ("return {'a': exercise.f(1)} | {'b': exercise.g(2)}", ("b",), Origin("g")),
        ("return {**measured(exercise, bench, batch), 'c': 1}", ("map",), Origin("scores")),
        ("labels, parts = exercise.f(batch)\nreturn {'parts': parts}", ("parts",), Origin("f", (1,))),
        ("return [exercise.f(k) for k in batch]", (2,), Origin("f")),
        ("return [exercise.f(k) for k in batch]", (2, "key"), Origin("f", ("key",))),
        ("return measured(exercise, bench, batch)", ("map",), Origin("scores")),
        ("return measured(exercise, bench, batch)", ("hooks_left",), None),
        ("return measured(exercise, bench, batch)['map']", (), Origin("scores")),
        ("return shown(exercise.plot(batch))", ("figure",), Origin("plot")),
        ("found = dict(exercise.f(batch))\nfound['rest'] = 1\nreturn found", ("rest",), None),
        ("found = dict(exercise.f(batch))\nfound['rest'] = 1\nreturn found", ("heads",), Origin("f", ("heads",))),
        ("x = exercise.f(batch)\nx = x * 2\nreturn x", (), None),
        ("x = exercise.f(batch)\nx += 2\nreturn x", (), None),
        ("try:\n    x = exercise.f(1)\nexcept ValueError:\n    return {'e': 1}\nreturn {'x': x}", ("x",), Origin("f")),
        ("if batch:\n    return exercise.f(1)\nreturn exercise.g(1)", (), None),
        ("return scenario(exercise, bench, batch=batch)", (), None),
    ],
)
def test_what_a_function_returned_is_told_from_what_was_computed(
    body: str, place: tuple[str | int, ...], found: Origin | None
) -> None:
    assert origin(body, *place) == found


def test_the_functions_that_a_scenario_calls() -> None:
    origins = Origins(
        f"{HELPERS}\ndef scenario(exercise, bench):\n    exercise.g()\n    return measured(exercise, bench, 2)"
    )
    assert origins.functions("scenario") == {"g", "scores"}
    assert origins.functions("unknown") == frozenset()
    assert Origins("def scenario(:").of("scenario", ()) is None


def test_the_whole_of_one_result_and_a_part_of_another() -> None:
    """No part has an empty name: a learner once read "In `rise` and , your numbers are ..."."""
    assert claims._parts({(), ("rise",)}, {("fall", 0)}) == "a part of what your functions return"
