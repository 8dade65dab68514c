"""Five mistakes by which a program that is right on a CPU fails on a device, and a sixth with two devices: each a right program with one change.

`python tests/devices/mistakes.py` writes what a learner is told of each into docs/gpu.md. The tests hold both to what is really told.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path[0] = str(ROOT)

from mechgrade.course import Course, load_course  # noqa: E402  the root is found first
from mechgrade.course.source import read_source  # noqa: E402

PAGE = ROOT / "docs" / "gpu.md"
BEGIN, END = "<!-- by tests/devices/mistakes.py -->\n", "<!-- end -->\n"


@dataclass(frozen=True)
class Mistake:
    """A change of a reference. In what is told, LINE stands for the number of the line that is told of.

    Attributes:
        name: what it is, for a reader.
        exercise: whose reference.
        changes: text that stands in the reference once, and what stands there instead.
        at: a piece of the line that is told of.
        portable: what `--portable` tells on a CPU; empty where the program does not pass there.
        on_cpu: what is told there of a program that does not pass.
        on_device: what is told on the stand-in.
        device: the device of the stand-in on which it shows.
    """

    name: str
    exercise: str
    changes: tuple[tuple[str, str], ...]
    at: str
    on_device: str
    portable: str = ""
    on_cpu: str = ""
    device: str = "standin"

    def text(self, course: Course) -> str:
        """The changed program."""
        text = read_source(course, course.exercise(self.exercise)).reference
        for old, new in self.changes:
            assert text.count(old) == 1, f"{self.exercise} has no {old!r} any more"
            text = text.replace(old, new)
        return text

    def told(self, course: Course, says: str) -> str:
        """What is told, with the line's number."""
        lines = self.text(course).splitlines()
        return says.replace("LINE", str(next(number for number, line in enumerate(lines, 1) if self.at in line)))


_MADE = "torch.ones(scores.shape[-2:], dtype=torch.bool)"
_EARLY = "torch.ones(64, 64, dtype=torch.bool)"
_LINE = "future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).triu(diagonal=1)"
_MIX = "On a GPU the inputs are on the GPU, and PyTorch does not mix the two:"
_HERE = "Your code asks for a device that is not here. Make tensors where the inputs are: `device=x.device` for an input `x`."
_IF = "makes a tensor on the CPU. If that is the one, say where to make it: `device=x.device` for an input `x`."

MISTAKES = [
    Mistake(
        "a tensor is made without `device=`",
        "attention_from_qk",
        ((", device=q.device", ""),),
        at=_MADE,
        portable=f"`{_MADE}` in line LINE makes a tensor on the CPU. {_MIX} pass `device=q.device`.",
        on_device=f"Line LINE: `{_MADE}` {_IF}",
    ),
    Mistake(
        "a tensor is made at the top of the file",
        "attention_from_qk",
        (
            (_LINE, "future = FUTURE[: scores.shape[-2], : scores.shape[-1]]"),
            ("def attention_from_qk", f"FUTURE = {_EARLY}.triu(1)\n\n\ndef attention_from_qk"),
        ),
        at=_EARLY,
        portable=f"`{_EARLY}` in line LINE makes a tensor on the CPU when your file is imported. {_MIX} "
        "where you use it, append `.to(x.device)` for an input `x`.",
        on_device="One tensor is on another device than the rest. A tensor that your code makes is on the CPU, unless you say where: "
        "`device=x.device` for an input `x`.",
    ),
    Mistake(
        "NumPy is given a tensor",
        "attention_from_qk",
        (("    return scores.masked", "    scores = scores - float(scores.numpy().max())\n    return scores.masked"),),
        at="scores.numpy()",
        portable="`scores.numpy()` in line LINE gives NumPy a tensor. On a GPU the tensor is on the GPU, where NumPy cannot read it: "
        "call `.cpu()` on it first.",
        on_device="NumPy reads tensors on the CPU only. Call `.cpu()` on the tensor first.",
    ),
    Mistake(
        "a generator of the CPU draws for the device",
        "superposition",
        (("torch.Generator().manual_seed(seed)) /", "torch.Generator().manual_seed(seed), device=batches.device) /"),),
        at="manual_seed(seed), device=batches.device",
        portable="`torch.Generator()` in line LINE draws numbers on the CPU only. On a GPU it is to draw for a tensor on the GPU, and "
        "PyTorch refuses: write `torch.Generator(device=batches.device)`.",
        on_device="A generator draws for the device that it was made for. Write `torch.Generator(device=x.device)` for an input `x`, or draw "
        "on the CPU and append `.to(x.device)`.",
    ),
    Mistake(
        "a device is named: `cuda:0`",
        "attention_from_qk",
        (("device=q.device", "device='cuda:0'"),),
        at="cuda:0",
        on_cpu=_HERE,
        on_device=_HERE,
    ),
    Mistake(
        "the first device is named, and the inputs are on the second",
        "attention_from_qk",
        (("device=q.device", "device='standin:0'"),),
        at="standin:0",
        on_device="One tensor is on another device than the rest. A tensor that your code makes is on the CPU, unless you say where: "
        "`device=x.device` for an input `x`.",
        device="standin:1",
    ),
]


def table(course: Course) -> Iterator[str]:
    """The page's rows."""
    yield "| mistake | `mechgrade grade --portable` on a CPU | on a device |"
    yield "|---|---|---|"
    for each in MISTAKES:
        here = each.portable or (f"does not pass: {each.on_cpu}" if each.on_cpu else "there is no second device")
        told = [each.told(course, says).replace("|", "\\|") for says in (here, each.on_device)]
        yield f"| {each.name} | {' | '.join(told)} |"


def written() -> str:
    """The page with these rows."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    rows = "\n".join(table(load_course(ROOT)))
    return f"{before}{BEGIN}\n{rows}\n\n{END}{rest.split(END, 1)[1]}"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
