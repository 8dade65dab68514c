"""Inputs that do not depend on a learner's code are made once for a class. Otherwise each learner's process makes them again: slow, not wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from mechgrade.bench import Bench, wishes
from mechgrade.cohort import entry
from mechgrade.cohort.keys import Order
from mechgrade.cohort.member import Desk
from mechgrade.course import Course
from mechgrade.grading.remote import InfrastructureError, Zygote
from mechgrade.spec import bench_spec
from mechgrade.wire import Array

from .ground import small_course

NAME = "induction_scores"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course whose one exercise is given attention patterns of the model."""
    return small_course(tmp_path_factory.mktemp("inputs") / "course", (NAME,))


@pytest.fixture
def desk(course: Course) -> Iterator[Desk]:
    """What grades in a cohort's process."""
    desk = Desk(course, course.exercises(), Order("embedded", "bridge", "cpu", "process"))
    yield desk
    desk.zygote.close()


def graded(desk: Desk, course: Course, text: str) -> list[str]:
    """What comes out for one learner, as it would be stored."""
    told = []
    desk.grade({("lab3", NAME): (text, "")}, told.append)
    return [entry.dump(message["entry"]) for message in told if "entry" in message]


def test_a_class_asks_for_inputs_once_and_is_graded_as_before(
    course: Course, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first learner's calls are surveyed, and the worker holds what they ask for; verdicts and points are those of before."""
    text = course.solution_path(course.exercise(NAME)).read_text(encoding="utf-8")
    wrong = text.replace("return", "return 2 *")
    granted: list[list[object]] = []
    grant = Zygote.grant

    def listening(self: Zygote, spec: object, wishes: list[object]) -> None:
        granted.append(wishes)
        grant(self, spec, wishes)  # type: ignore[arg-type]

    monkeypatch.setattr(Zygote, "grant", listening)
    first = [graded(desk, course, one) for one in (text, wrong)]
    assert len(granted) == 1 and granted[0], "surveyed once, and something was asked for"
    again = [graded(desk, course, one) for one in (text, wrong)]
    assert again == first
    assert '"verdict":"passed"' in first[0][0] and '"verdict":"wrong"' in first[1][0]

    # A survey of the same calls finds nothing that is not there.
    desk.shared.surveyed = set()
    graded(desk, course, text)
    assert len(granted) == 1
    # Nor was anything counted that a single grading does not need.
    alone = Desk(course, course.exercises(), Order("embedded", "bridge", "cpu", "process"))
    alone.shared.surveyed = None
    try:
        assert [graded(alone, course, one) for one in (text, wrong)] == first
    finally:
        alone.zygote.close()
    assert len(granted) == 1


def test_hidden_inputs_are_not_held(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every learner's process can read what the worker holds; one that prints it in a public check would tell the next attempt."""
    text = course.solution_path(course.exercise(NAME)).read_text(encoding="utf-8")
    granted: list[object] = []
    monkeypatch.setattr(
        Zygote,
        "grant",
        lambda _self, _spec, wishes: granted.extend(repr(wish[:1]) + str(wish[1].values) for wish in wishes),
    )
    asked = []
    for secret in (None, "a secret"):
        secretly = Desk(course, course.exercises(), Order("embedded", "bridge", "cpu", "process", hidden=secret))
        try:
            found = graded(secretly, course, text)
        finally:
            secretly.zygote.close()
        assert '"verdict":"passed"' in found[0] and '"wrong"' not in found[0]
        asked.append(granted[:])
        granted.clear()
    assert asked[0] == asked[1] != []


def test_a_worker_that_ends_meanwhile_loses_no_result(
    course: Course, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed between an exercise's last check and the inputs: the exercise was graded, and the next learner's is."""
    text = course.solution_path(course.exercise(NAME)).read_text(encoding="utf-8")
    killed = []

    def gone(self: Zygote, spec: object, wishes: object) -> None:
        assert self._process is not None
        killed.append(self._process.pid)
        self._process.kill()
        self._process.wait()
        raise InfrastructureError("killed")

    monkeypatch.setattr(Zygote, "grant", gone)
    first = graded(desk, course, text)
    assert '"verdict":"passed"' in first[0]
    assert graded(desk, course, text) == first
    assert len(killed) == 1, "it is not tried again for every learner"


def bench(course: Course) -> Bench:
    made = Bench(bench_spec(course))
    assert made.n_layers
    return made


def test_a_survey_ends_at_the_learners_code(course: Course) -> None:
    """What comes after it may depend on what it returned, so it is not asked for."""
    here = bench(course)
    tokens = here.repeated_tokens(1, 3, seed=0)
    reached = []

    def scenario(exercise, bench, *, seed):  # type: ignore[no-untyped-def]  # as a grader's author writes one
        try:
            found = exercise.unguarded.function(bench.run(tokens), bench.cache(tokens, ["blocks.0.hook_resid_pre"]))
        except Exception:  # scenarios that see what a learner raises
            found = None
        reached.append(found)
        return bench.run(tokens + 1)

    asked = wishes.survey(scenario, here, {"seed": 0})
    assert not reached
    assert [(kind, names) for kind, _, names in asked] == [("run", []), ("cache", ["blocks.0.hook_resid_pre"])]
    assert all(isinstance(on, Array) and (on.values == tokens.numpy()).all() for _, on, _ in asked)


def test_what_is_held_is_what_would_have_been_made(course: Course) -> None:
    """Bit for bit: a cohort that was interrupted ends with the results of one that was not."""
    here, there = bench(course), bench(course)
    tokens = here.repeated_tokens(2, 5, seed=1)
    names = ["blocks.0.attn.hook_pattern", "blocks.1.hook_resid_post"]
    wishes.grant(here, [["run", Array(tokens.numpy(), "int64"), []], ["cache", Array(tokens.numpy(), "int64"), names]])
    held = dict(here._cache)
    assert torch.equal(here.run(tokens), there.run(tokens))
    assert all(torch.equal(here.cache(tokens, names)[name], there.cache(tokens, names)[name]) for name in names)
    assert here._cache.keys() == held.keys(), "nothing was made a second time"


def test_what_is_held_is_bounded(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker lives for a whole class; what it holds is memory, and every fork copies the tables of its pages."""
    here = bench(course)
    monkeypatch.setattr(wishes, "MAX_BYTES", 1000)
    many = [["run", Array(np.full((1, 4), token, np.int64), "int64"), []] for token in range(5)]
    wishes.grant(here, many)
    assert len(here._cache) == 1
