"""A course on torch without a model library: seeded tensors, and a module of the course's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import grade_folder, later

from mechgrade.authoring.record import record
from mechgrade.course import load_course
from mechgrade.grading import recordings
from mechgrade.grading.worker import Worker
from mechgrade.protocol.job import BenchSpec

from .stranger import SOURCE, VARIANTS, make_course, write

torch = later("torch")
torch_bench = later("mechgrade.bench.torch.bench")

GRADER = '''\
"""Grader of `slope`, on what a layer of the course's own gives."""

import pytest


def on_a_layer(exercise, bench, *, points, seed):
    from torch import nn

    layer = bench.module(lambda: nn.Linear(1, 1), seed=seed)
    x = bench.normal(points, 1, seed=seed)
    return exercise.slope(x[:, 0], layer(x)[:, 0].detach())


@pytest.mark.points(5)
def test_a_layer(compare, seed):
    """Points on the line of a linear layer."""
    for points in (3, 8):
        compare(on_a_layer, points=points, seed=seed)
'''


def on_torch(text: str) -> str:
    text = (
        text.replace("np.mean(y / x)", "(y / x).mean()")
        .replace("np.dot", "torch.dot")
        .replace("import numpy as np", "import torch")
    )
    return (
        text.replace("np.ndarray", "torch.Tensor")
        .replace("np.polyfit(x, y, 1)[0]", "(y[-1] - y[0]) / (x[-1] - x[0])")
        .replace(
            "np.linalg.lstsq(x[:, None], y, rcond=None)[0][0]", "torch.linalg.lstsq(x[:, None], y[:, None])[0][0, 0]"
        )
    )


def test_it_is_recorded_with_its_noise_and_graded(tmp_path: Path, worker: Worker) -> None:
    files = {
        "graders/week1/test_slope.py": GRADER,
        "solutions/week1/slope.py": on_torch(SOURCE),
        "solutions/week1/variants/slope.py": on_torch(VARIANTS),
    }
    course = load_course(make_course(tmp_path, "bench: torch\n", files))
    record(course, course.exercises(), "none")
    runs = recordings.read(recordings.path_of(tmp_path, "none", "week1", "slope")).runs
    # Run again in float64, the slope differs in float32's rounding.
    assert len(runs) == 2 and all(0 < noise < 1e-5 for run in runs.values() for noise in run.noise.values())
    write(tmp_path, {"mine/week1/slope.py": on_torch(SOURCE)})
    assert grade_folder(course, worker, tmp_path / "mine", course.exercises(), hidden="x").score == 5


def layered() -> type[torch_bench.TorchBench]:
    """A bench with a model in an attribute."""

    class Layered(torch_bench.TorchBench):
        def load(self) -> None:
            self.layer = self.module(lambda: torch.nn.Linear(3, 2), seed=0)

    return Layered


def written(bench: torch_bench.TorchBench) -> None:
    with torch.no_grad():
        bench.layer.weight[0, 0] += 1


def hooked(bench: torch_bench.TorchBench) -> None:
    bench.layer.register_forward_hook(lambda *_: None)


@pytest.mark.parametrize("change", [written, hooked])
def test_what_a_run_leaves_on_a_module_is_noticed(change: Callable[[torch_bench.TorchBench], None]) -> None:
    bench = layered()(BenchSpec("torch"))
    bench.load()
    assert not bench.is_dirty()
    bench.layer.register_forward_hook(lambda *_: None).remove()
    assert not bench.is_dirty()
    change(bench)
    assert bench.is_dirty()


def test_modules_are_the_same_each_time_and_leave_the_learners_seed_alone() -> None:
    bench = torch_bench.TorchBench(BenchSpec("torch"))
    torch.manual_seed(7)
    expected = torch.rand(2)
    torch.manual_seed(7)
    first, second = (bench.module(lambda: torch.nn.Linear(3, 2), seed=5) for _ in range(2))
    assert torch.equal(first.weight, second.weight)
    assert not torch.equal(first.weight, bench.module(lambda: torch.nn.Linear(3, 2), seed=6).weight)
    assert torch.equal(torch.rand(2), expected)
