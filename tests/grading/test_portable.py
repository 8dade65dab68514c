"""What a program makes on the CPU: told where it is certain, and not where the program moves it, or says where."""

from __future__ import annotations

import pytest

from mechgrade.grading.advice import advice
from mechgrade.grading.portable import Made, made_early, made_on_the_cpu, sentences
from mechgrade.protocol.outcome import Outcome, Place
from mechgrade.protocol.stranded import Kind, Stranded


def program(line: str, imports: str = "import torch") -> str:
    return f"{imports}\n\ndef f(x):\n    {line}\n"


@pytest.mark.parametrize(
    ("line", "imports"),
    [
        ("return x + torch.eye(3)", "import torch"),
        ("return x + th.zeros(3, dtype=x.dtype)", "import torch as th"),
        ("return x + eye(3)", "from torch import eye, nn"),
        ("return x + identity(3)", "from torch import eye as identity"),
        ("return x.to(torch.float64) + torch.tensor([1.0, 2.0])", "import torch"),
        ("return x.to(dtype=x.dtype) + torch.rand(len(x))", "import torch"),
        ("return (lambda y: y + torch.ones(3))(x)", "import torch"),
    ],
)
def test_it_is_told(line: str, imports: str) -> None:
    (made,) = made_on_the_cpu(program(line, imports))
    assert made.line == 4 and made.call in line


@pytest.mark.parametrize(
    "line",
    [
        "return x + torch.eye(3, device=x.device)",
        "return x + torch.eye(3).to(x.device)",
        "return x + torch.eye(3).cuda()",
        "return x + torch.zeros_like(x)",
        "return x + torch.tensor(2.0) - torch.tensor(-1)",
        "return x + np.eye(3)",
        "return x + torch.eye(3, **options)",
        "y = torch.eye(3)\n    return x + y.to(x.device)",
        "def g():\n        return torch.eye(3)\n    return g().to(x.device)",
        "return x + new.eye(3)",
        "return x + torch.tensor(x)",
        "return x + torch.normal(x, 1.0)",
        "torch.set_default_device(x.device)\n    return x + torch.eye(3)",
        "with torch.device(x.device):\n        return x + torch.eye(3)",
    ],
)
def test_it_is_not_told(line: str) -> None:
    assert made_on_the_cpu(program(line)) == []


@pytest.mark.parametrize("text", ["def (", "x = '\\0'", "", "(" * 5000])
def test_what_is_no_program(text: str) -> None:
    assert made_on_the_cpu(text) == []


def test_code_outside_of_functions_is_the_learners_own_affair() -> None:
    assert made_on_the_cpu("import torch\nif __name__ == '__main__':\n    x = torch.eye(3)\n") == []


def test_only_the_functions_of_some_lines() -> None:
    text = "import torch\ndef f(x):\n    return torch.eye(1)\ndef g(x):\n    return torch.eye(2)\n"
    assert made_on_the_cpu(text, [5]) == [Made(5, "torch.eye(2)")]
    assert [each.line for each in made_on_the_cpu(text)] == [3, 5]


def test_two_devices_that_meet() -> None:
    message = "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"
    outcome = Outcome(
        "raised", error="RuntimeError", message=message, trace=(Place(4, "f", "return x + torch.eye(3)"),)
    )
    text = program("return x + torch.eye(3)")
    assert advice(outcome, source=text).startswith(
        "Line 4: `torch.eye(3)` makes a tensor on the CPU. If that is the one"
    )
    # Where no such call is found, what holds for all such errors is said.
    assert advice(outcome, source=program("return x + y")).startswith("One tensor is on another device")
    assert (
        advice(outcome, {"same device": "Ask on the forum."}, text) == "Ask on the forum."
    )  # the course's own goes first
    assert advice(outcome).startswith("One tensor is on another device")


TOP = "import torch\nMASK = torch.ones(4, 4).triu(1)\nHERE = torch.ones(3).to(0)\n\ndef f(x):\n    return x * MASK\n"


def test_a_tensor_of_the_files_top_that_the_line_uses() -> None:
    assert made_early(TOP, "return x * MASK") == [Made(2, "torch.ones(4, 4)")]
    assert made_early(TOP, "return x * MASKS") == made_early(TOP, "x * HERE") == made_early("def (", "MASK") == []
    outcome = Outcome(
        "raised", error="RuntimeError", message="on the same device", trace=(Place(6, "f", "return x * MASK"),)
    )
    assert advice(outcome, source=TOP).startswith("Line 2: `torch.ones(4, 4)` makes a tensor on the CPU.")


@pytest.mark.parametrize(
    ("message", "error", "says"),
    [
        (
            "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() …",
            "TypeError",
            "NumPy reads tensors on the CPU only.",
        ),
        (
            "Expected a 'cuda' device type for generator but found 'cpu'",
            "RuntimeError",
            "A generator draws for the device",
        ),
    ],
)
def test_other_errors_of_devices(message: str, error: str, says: str) -> None:
    assert advice(Outcome("raised", error=error, message=f"{error}: {message}")).startswith(says)


@pytest.mark.parametrize(
    ("kind", "call", "says"),
    [
        ("made", "torch.eye(3)", "pass `device=q.device`."),
        ("made", "torch.from_numpy(a)", "append `.to(q.device)`."),
        ("early", "torch.eye(3)", "where you use it, append `.to(q.device)`."),
        ("moved", "q.cpu()", "or move what you compute back with `.to(q.device)`."),
        ("read", "q.numpy()", "call `.cpu()` on it first."),
        ("generator", "torch.Generator()", "write `torch.Generator(device=q.device)`."),
    ],
)
def test_what_is_said_of_each_kind(kind: Kind, call: str, says: str) -> None:
    (sentence,) = sentences([Stranded(81, kind, call, "q")])
    assert sentence.startswith(f"`{call}` in line 81 ") and sentence.endswith(says)
    (unnamed,) = sentences([Stranded(81, kind, call)])
    assert "q.device" not in unnamed and ("for an input `x`." in unnamed) == ("q.device" in sentence)


def test_in_the_order_of_the_lines() -> None:
    told = sentences({Stranded(9, "made", "b()"), Stranded(3, "read", "a()"), Stranded(3, "made", "c()")})
    assert [each.split("`")[1] for each in told] == ["c()", "a()", "b()"]
