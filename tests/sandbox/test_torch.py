"""That what learners do works inside: PyTorch in threads, and modules that nobody imported before."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest
from support import later

from mechgrade import sandbox

from .conftest import Box

torch = later("torch")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    """As in the warm worker: threads do not survive a fork."""
    pytest.importorskip("torch").set_num_threads(1)


def test_computing_with_threads(box: Box) -> None:
    """The parent has imported torch; the fork computes with two threads."""

    def body() -> list[float]:
        torch.set_num_threads(2)
        torch.manual_seed(0)
        left = torch.randn(600, 600)
        product = left @ left.T
        attention = torch.nn.functional.softmax(product, dim=-1)
        normal = torch.nn.functional.layer_norm(product, (600,))
        attended = torch.nn.functional.scaled_dot_product_attention(*[torch.randn(1, 2, 64, 16)] * 3)
        weight = torch.randn(600, 10, requires_grad=True)
        torch.nn.functional.cross_entropy(left @ weight, torch.zeros(600, dtype=torch.long)).backward()
        assert weight.grad is not None and attended.shape == (1, 2, 64, 16)
        values = torch.linalg.svdvals(left[:50, :50])
        return [
            torch.get_num_threads(),
            float(attention.sum()),
            float(normal.mean().abs() < 1e-3),
            float(values[0] > 0),
        ]

    outcome = box.run(body, memory_mb=1024)
    assert outcome.value is not None, outcome
    assert outcome.value == pytest.approx([2, 600, 1, 1], rel=1e-3)
    assert outcome.output == "", "a library complains about what it cannot see"


def test_a_tensor_too_large(box: Box) -> None:
    """PyTorch says so in its own words, which become the verdict 'out of memory'."""
    outcome = box.run(lambda: torch.zeros(1 << 30).sum().item(), memory_mb=512)
    assert outcome.raised == "RuntimeError" and "allocate memory" in outcome.message, outcome


def test_modules_not_yet_imported(box: Box) -> None:
    """Learners import what the worker has not: from the standard library and from site-packages."""
    names = [
        "sqlite3",
        "xml.dom.minidom",
        "lzma",
        "safetensors.numpy",
        "torch.utils.benchmark",
        "matplotlib.path",
        "jaxtyping",
        "colorsys",
        "ftplib",
        "wave",
        "tabnanny",
        "matplotlib.sankey",
    ]
    # Which of them are fresh depends on the tests that ran before in this process; the last ones nobody imports.
    fresh = [name for name in names if name not in sys.modules]
    assert len(fresh) >= 2

    def body() -> list[Any]:
        return [importlib.import_module(name).__name__ for name in fresh]

    assert box.value(body, memory_mb=1024) == fresh


def test_the_costs_are_told(full: Box) -> None:
    """What each step took is kept, so that a slow machine can be understood."""
    steps = full.run(lambda: None).durations
    assert {"unshare namespaces", "build the file system", "mount a private /proc", "filter system calls"} <= set(steps)
    assert sandbox.durations is not steps
