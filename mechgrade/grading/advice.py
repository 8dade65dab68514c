"""What an error that Python or the sandbox raised means here, and what to do: a sentence under the error's own.

Each entry of :data:`ADVICE` is about one kind of error, by its class, its text and the learner's line. The first that fits is said.
What an entry says must be true wherever it fits. For an error that is in no entry nothing is added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mechgrade.grading.given import given
from mechgrade.grading.portable import made_early, made_on_the_cpu
from mechgrade.protocol.outcome import Outcome

#: Every file is graded by itself, in a process that sees no other file of the learner's.
_ALONE = "Each exercise's file is graded alone, so it cannot import another file of yours. Copy what you need into this file."
_NO_PROCESS = (
    "Where your code is graded it may start no other program and no other process. Compute it in this process."
)
_NO_NETWORK = (
    "Your code is graded without a network. Take out what downloads; what your function needs is in its arguments. "
    'Code that is only for you can stand below `if __name__ == "__main__":`.'
)
#: PyTorch's words where tensors of two devices meet.
_TWO_DEVICES = r"same device|on different devices|indices should be either on"
_NOTEBOOK = "That exists in notebooks only. Take the line out of the file that is graded."


@dataclass(frozen=True)
class Advice:
    """A sentence for a kind of error.

    Attributes:
        error: the exception's class, a regular expression for the whole name.
        says: what to tell the learner. Groups of ``text`` may stand in it, as ``{name}``.
        text: a regular expression that is found in the message.
        line: one that is found in the learner's line.
    """

    error: str
    says: str
    text: str = ""
    line: str = ""

    def about(self, outcome: Outcome) -> str | None:
        """What it says of this outcome, if it fits."""
        line = outcome.trace[-1].text if outcome.trace else ""
        found = re.search(self.text, outcome.message)
        if not re.fullmatch(self.error, outcome.error) or found is None or not re.search(self.line, line):
            return None
        return self.says.format(**found.groupdict())


#: Names that stand for a module by habit.
_MODULES = {
    "np": "import numpy as np",
    "torch": "import torch",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "math": "import math",
    "random": "import random",
    "einops": "import einops",
    "plt": "import matplotlib.pyplot as plt",
}

ADVICE: tuple[Advice, ...] = (
    # --- the text is no Python
    Advice("SyntaxError", "`%` and `!` commands work in notebooks only. Delete the line.", line=r"^[%!]"),
    Advice("SyntaxError", "That line is left from a merge. Keep one of the two versions, and delete the markers.", line=r"^(<{7}|>{7}) "),
    Advice("SyntaxError", "Type straight quotes, `'` or `\"`: this one comes from a text editor or a web page.", r"invalid character '[“”‘’„]'"),
    Advice("SyntaxError", "Lines of three backticks belong to a chat or a web page. Delete them.", line=r"^```"),
    Advice("SyntaxError", "`>>>` and `...` come from Python's own shell. Delete `>>>` and `...` at the beginning of each line.", line=r"^>>>"),
    Advice("SyntaxError", "Are these line numbers, copied with the code? Delete them.", line=r"^\d+[:.|]? +[a-zA-Z@#]"),
    Advice("SyntaxError", "An invisible character stands in that line; it comes with text from a web page or a chat. Type the line anew, also the blanks before it.", r"invalid non-printable character"),
    Advice("SyntaxError", "Python does not know this character. Is it from another keyboard or a web page? Type the sign that looks like it: `(`, `)`, `,`, `:`, `-`, `*`.", r"invalid character '[^\w]'"),
    Advice("TabError", "Some lines are indented by tabs and some by spaces. Use four spaces everywhere."),
    Advice("IndentationError", "Each line of a block begins in the same column.", r"unindent does not match|unexpected indent"),
    Advice("IndentationError", "The block is empty. Put your code there, or `pass`.", r"expected an indented block"),
    # --- other files, other packages
    Advice("ModuleNotFoundError|ImportError", _ALONE, r"No module named '(submission|exercises|solutions|graders|lab\w*)\b|attempted relative import|no known parent"),
    Advice("InductorError", "`torch.compile` starts a compiler, which may not be started where your code is graded. Call the function as it is.", r"Operation not permitted"),
    Advice("ModuleNotFoundError", f"No package of this name is installed where your file is graded. If it is a file of yours: {_ALONE[0].lower()}{_ALONE[1:]}", r"No module named '\w+'$"),
    # --- models, the network, other processes, files
    Advice("OSError|URLError|gaierror|ConnectionError|ConnectError|LocalEntryNotFoundError|OfflineModeIsEnabled|ConnectionRefusedError|MaxRetryError|NewConnectionError",
        _NO_NETWORK, r"couldn't connect|name resolution|Network is unreachable|outgoing traffic|offline|Name or service not known|Max retries|Connection refused"),
    Advice("URLError|gaierror|ConnectionError|ConnectError|NewConnectionError", _NO_NETWORK, r"Operation not permitted"),
    Advice("PermissionError|OSError", _NO_NETWORK, r"Operation not permitted", r"\bsocket\b|\.connect\(|create_connection|urlopen|urlretrieve|requests\.|httpx\.|HTTPS?Connection|ftplib|smtplib"),
    Advice("PermissionError|BlockingIOError|OSError", _NO_PROCESS, r"Operation not permitted|Resource temporarily unavailable", r"subprocess|Popen|multiprocessing|\bPool\b|Process\(|DataLoader|os\.(system|fork|exec|spawn|popen)|torch\.compile"),
    Advice("PermissionError", "Your code may not do this where it is graded.", r"Operation not permitted"),
    Advice("OSError|PermissionError", "Your code is graded where it can write to its own temporary folder only, and that is thrown away. Write no file, or do it below `if __name__ == \"__main__\":`.", r"Read-only file system|Permission denied", r"open\(|save|write|mkdir|touch|dump"),
    Advice("FileNotFoundError|PermissionError", "Your code is graded in another folder, and at isolation full it sees no file of yours. Work with what your function is given.", r"No such file|Permission denied"),
    # --- nobody is there
    Advice("BdbQuit", "Nobody can type while your code is graded. `mechgrade debug` stops in your code on the inputs of a check that fails, and there `breakpoint()` works."),
    Advice("EOFError", "Nobody can type while your code is graded. Take `input()` out.", r"reading a line"),
    Advice("SystemExit", "Your code ended Python itself, for example by `exit()` or `quit()`. Use `return`."),
    # --- names and values
    Advice("NameError", _NOTEBOOK, r"name '(get_ipython|display|In|Out)' is not defined"),
    *(
        Advice("NameError", f"Write `{line}` at the top of the file.", rf"name '{name}' is not defined", rf"\b{name}\.")
        for name, line in _MODULES.items()
    ),
    Advice("NameError", "Nothing is called `{name}` at that point. A name that another file or another function defines is not known there.", r"name '(?P<name>\w+)' is not defined$"),
    Advice("AssertionError", "What your own `assert` says does not hold.", line=r"^assert\b"),
    Advice("RecursionError", "An expression of this file is nested too deep for Python. Write it in several lines, or keep the data in a list.", r"during compilation"),
    Advice("RecursionError", "Calls are nested too deep. Does a function call itself without an end?"),
    Advice("AttributeError|TypeError", "A value is `None` where something else is needed. A function without a `return` gives `None`.", r"'NoneType' object"),
    Advice("TypeError", "A function stands where a value is needed. Were the parentheses of its call left out, as in `x.mean` for `x.mean()`?", r"'builtin_function_or_method'|'(method|function)' (and|object)|and '(method|function)'"),
    Advice("UnboundLocalError", "A name that is assigned to anywhere in a function is the function's own everywhere in it.", r"local variable"),
    # --- torch
    Advice("AssertionError|RuntimeError|TypeError|NotImplementedError", "Your code asks for a device that is not here. Make tensors where the inputs are: `device=x.device` for an input `x`.", r"not compiled with CUDA|No CUDA GPUs|Found no NVIDIA driver|invalid device ordinal|not linked with support for \w+ devices|Could not run 'aten::.*' with arguments from the '(MPS|CUDA|XPU)' backend"),
    Advice("RuntimeError", "One tensor is on another device than the rest. A tensor that your code makes is on the CPU, unless you say where: `device=x.device` for an input `x`.", _TWO_DEVICES),
    Advice("TypeError", "NumPy reads tensors on the CPU only. Call `.cpu()` on the tensor first.", r"can't convert .* device type tensor to numpy"),
    Advice("RuntimeError", "A generator draws for the device that it was made for. Write `torch.Generator(device=x.device)` for an input `x`, or draw on the CPU and append `.to(x.device)`.", r"device type for generator"),
    Advice("RuntimeError", "Integers and booleans have no mean. Turn them into numbers with a point first: `.float()`.", r"could not infer output dtype"),
    Advice("RuntimeError", "No gradient leads to this tensor. Either nothing that it was computed from requires one, or it was cut off, for example by `.detach()` or `torch.no_grad()`.", r"does not require grad and does not have a grad_fn"),
    Advice("RuntimeError", "NumPy takes no tensor with a gradient: `.detach()` first.", r"Can't call numpy\(\) on Tensor that requires grad"),
    Advice("RuntimeError", "A single truth value was asked of several: use `.any()` or `.all()`, or compare element by element.", r"Boolean value of Tensor with more than one value"),
)  # fmt: skip


def advice(outcome: Outcome, own: Mapping[str, str] | None = None, source: str = "", stub: str = "") -> str:
    """What to do about an error that was raised; empty where nothing certain is known.

    Args:
        outcome: the end of a run.
        own: the course's own advice: regular expressions, found in the error's text or the learner's line, and what is said then.
        source: the learner's program.
        stub: the file as the learner got it.
    """
    if outcome.kind != "raised":
        return ""
    line = outcome.trace[-1].text if outcome.trace else ""
    for pattern, says in (own or {}).items():
        if re.search(pattern, f"{outcome.message}\n{line}"):
            return says
    if says := given(outcome, source, stub):
        return says
    if says := _covered(outcome, line):
        return says
    if re.search(_TWO_DEVICES, outcome.message):
        made = made_on_the_cpu(source, [place.line for place in outcome.trace]) or made_early(source, line)
        if made:
            where = str(made[0])
            return f"{where[0].upper()}{where[1:]}. If that is the one, say where to make it: `device=x.device` for an input `x`."
    return next(filter(None, (each.about(outcome) for each in ADVICE)), "")


def _covered(outcome: Outcome, line: str) -> str:
    """Of a variable that has the name of a module."""
    found = re.search(r"'(\w+)' object has no attribute '(\w+)'", outcome.message)
    if outcome.error != "AttributeError" or found is None:
        return ""
    module = re.search(rf"(?<![\w.])({'|'.join(_MODULES)})\.{found[2]}\b", line)
    if module is None:
        return ""
    return f"The name `{module[1]}` stands for a value of type {found[1]} there, and not for the module. Give that value another name."


#: PyTorch goes on about its own build for hundreds of lines.
_OF_THE_BUILD = re.compile(r" This could be because the operator doesn't exist for this backend.*", re.DOTALL)


def in_short(outcome: Outcome) -> Outcome:
    """The same outcome without what an error says about the build of a library."""
    return replace(outcome, message=_OF_THE_BUILD.sub("", outcome.message)) if outcome.kind == "raised" else outcome
