"""The stand-in itself: what a test on it shows must be true of a device that is not the CPU."""

from __future__ import annotations

import subprocess

import pytest

pytestmark = pytest.mark.long


def said(python: str, text: str) -> str:
    """What a few lines print where the device is; the last line of an error."""
    done = subprocess.run([python, "-c", "import torch\n" + text], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("print(torch.ones(3, device='standin').device)", "standin:0"),
        ("print(torch.ones(3, device='standin:1').device)", "standin:1"),
        ("x = torch.ones(3, 3, device='standin'); print((x @ x + 1).sum().item())", "36.0"),
        (
            "x = torch.ones(3, device='standin', requires_grad=True); x.sum().backward(); print(x.grad.device)",
            "standin:0",
        ),
        ("print(torch.nn.Linear(3, 2).to('standin')(torch.ones(3, device='standin')).device)", "standin:0"),
        ("x = torch.ones(3, device='standin'); x[1] = 5; print(x.tolist(), x.to('cpu').device)", "[1.0, 5.0, 1.0] cpu"),
        ("print((torch.ones(3, device='standin') * torch.tensor(2.0)).device)", "standin:0"),
        ("print(torch.ones(4, device='standin')[torch.tensor([0, 2])].device)", "standin:0"),
    ],
)
def test_it_computes(python: str, text: str, expected: str) -> None:
    assert said(python, text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("torch.ones(3, device='standin') + torch.ones(3)", "same device"),
        ("torch.ones(3, device='standin') + torch.ones(3, device='standin:1')", "same device"),
        ("torch.cat([torch.ones(3, device='standin'), torch.ones(3)])", "same device"),
        ("torch.ones(3, device='standin').masked_fill(torch.tensor([True, False, True]), 0)", "same device"),
        ("torch.ones(3, device='standin:2')", "invalid device ordinal"),
        ("torch.ones(3, device='standin').numpy()", "TypeError"),
        ("torch.standin.set_memory_limit(0, 1000); torch.ones(1000, device='standin')", "OutOfMemoryError"),
    ],
)
def test_it_refuses(python: str, text: str, words: str) -> None:
    assert words in said(python, text)


def test_memory_is_counted_for_each_device(python: str) -> None:
    text = """
x = torch.ones(1000, device='standin:1')
now = torch.standin.memory_allocated(0), torch.standin.memory_allocated(1)
del x
print(now, torch.standin.memory_allocated(1), torch.standin.max_memory_allocated('standin:1'))
"""
    assert said(python, text) == "(0, 4000) 0 4000"
