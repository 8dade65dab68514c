"""What a GPU would refuse, told on a CPU: of small programs. tests/devices asks a device whether all this is true."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
from devices.mixtures import REFUSED, TAKEN, program
from support import later

from mechgrade.protocol.stranded import Stranded, stranded_of

placement = later("mechgrade.bench.torch.placement")

FILE = "lab1/mix.py"


def found(text: str, *, other: str | None = None) -> list[Stranded]:
    """What is told of a program's `f`; where `other` is given, a program of another file calls it."""
    import torch

    watch = placement.Placement(FILE, text)
    try:
        x = torch.arange(9.0, device=placement.NAME).reshape(3, 3)
        i = torch.arange(3, device=placement.NAME)
        names: dict[str, Any] = {}
        exec(compile(text, FILE, "exec"), names)
        if other is None:
            names["f"](x, i)
        else:
            exec(compile(textwrap.dedent(other), "/lib/site-packages/other.py", "exec"), names)
    finally:
        watch.close()
    return sorted(watch.found)


@pytest.mark.parametrize(("kind", "body"), REFUSED)
def test_what_a_device_refuses_is_told_with_its_line(kind: str, body: str) -> None:
    told = found(program(body))
    assert {each.kind for each in told} == {kind}
    for each in told:
        assert each.call in program(body).splitlines()[each.line - 1]


@pytest.mark.parametrize("body", TAKEN)
def test_what_a_device_takes_is_not_told(body: str) -> None:
    assert found(program(body)) == []


def test_a_tensor_at_hand_is_named() -> None:
    text = "import torch\ndef f(scores, i):\n    n = 3\n    return scores + torch.eye(\n        n,\n    )\n"
    (told,) = found(text)
    assert (told.line, told.call, told.near) == (4, "torch.eye(         n,     )", "scores")


@pytest.mark.parametrize(
    "line",
    [
        "DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'",
        "if torch.backends.mps.is_available(): pass",
    ],
)
def test_a_program_that_asks_for_the_kind_of_device_goes_another_way_there(line: str) -> None:
    assert found(f"import torch\n{line}\ndef f(x, i):\n    return x + torch.eye(3)\n") == []


def test_a_device_that_is_turned_down_elsewhere_is_not_certain() -> None:
    """The name of the CPU in a variable may be what was found when another was asked for."""
    assert found("import torch\ndef f(x, i, where='cpu'):\n    return x + torch.eye(3, device=where)\n") == []


def test_what_a_library_does_with_tensors_of_two_places_is_its_own_affair() -> None:
    text = "import torch\ndef mine():\n    return torch.ones(3)\n"
    assert found(text, other="import torch\nmine() + torch.ones(3, device='cpu:0')") == []


def test_what_is_not_the_learners_line_is_not_told() -> None:
    text = "import torch\ndef f(x, i):\n    return x + given\n"
    assert found(text, other="import torch\ngiven = torch.eye(3)\nf(torch.ones(3, device='cpu:0'), None)") == []


def test_it_ends() -> None:
    import torch

    generator = torch.Generator
    found(program("return x"))
    assert torch.Generator is generator
    assert torch.ones(1).device.index is None


def test_memory_that_is_used_again_is_not_taken_for_what_it_was() -> None:
    body = "for _ in range(200): y = torch.ones(3, 3); del y; z = torch.ones(3, 3, device=x.device); x + z"
    assert (
        found(
            program(
                "\n    ".join(["for _ in range(200):", *(f"    {line}" for line in body.split(": ", 1)[1].split("; "))])
            )
        )
        == []
    )


@pytest.mark.parametrize(
    "value",
    [
        None,
        "made",
        (3, "made", "torch.eye(3)"),
        (0, "made", "torch.eye(3)", ""),
        (True, "made", "torch.eye(3)", ""),
        (3, "said", "torch.eye(3)", ""),
        (3, "made", 3, ""),
        (3, "made", "torch.eye(3)", "x.device); import os"),
    ],
)
def test_what_a_process_may_send_instead(value: object) -> None:
    assert stranded_of(value) is None


def test_as_it_is_sent() -> None:
    told = Stranded(3, "made", "torch.eye(3)", "x")
    assert stranded_of(told.as_tuple()) == told
    (long,) = filter(None, [stranded_of((3, "made", "f(" + "1, " * 100 + ")", ""))])
    assert len(long.call) < 70 and long.call.endswith("…")
